using Dst.Reference;

// Writes the reference of all public types as Markdown: dotnet run --project docs/reference -c Release -- FOLDER
if (args is not [var folder])
{
    Console.Error.WriteLine("Reference: one folder was expected, into which a page for each namespace is written");
    return 2;
}

var library = Library.Load(AppContext.BaseDirectory);
Pages.Write(library, folder);
Console.WriteLine($"{library.Types.Count} types: {Path.Combine(folder, Pages.IndexName)}");
return 0;
