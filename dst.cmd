@echo off
rem Builds the command line if a source has changed, then runs it.
setlocal
set DOTNET_CLI_TELEMETRY_OPTOUT=1
set DOTNET_NOLOGO=1
dotnet run --project "%~dp0src\Dst.Cli" -c Release -v quiet -- %*
