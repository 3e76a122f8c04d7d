using Dst.Interop.CSource;

namespace Dst.Interop.Tests.CSource;

/// <summary>Generated C under checkers of source code, which know what rules for embedded code such as MISRA forbid.</summary>
public sealed class StaticAnalysisTests : ExportedCode
{
    /// <summary>
    /// What clang-tidy checks: no recursion, no dynamic memory, no loop whose condition cannot change, and what is likely to be a mistake.
    /// Left out are checks of what is meant here: two numbers side by side as parameters, products of sizes that an export has bounded,
    /// and weights of signed bytes.
    /// </summary>
    private static readonly string[] Checks =
    [
        "-*", "misc-no-recursion", "cppcoreguidelines-no-malloc", "bugprone-*", "cert-*", "-bugprone-easily-swappable-parameters",
        "-bugprone-implicit-widening-of-multiplication-result", "-bugprone-signed-char-misuse", "-cert-str34-c",
    ];

    /// <summary>Networks that together have every function of the source.</summary>
    [Fact]
    public void Checkers_find_nothing()
    {
        Model[] models =
        [
            Networks.Create("odd", "weight:8:4", 1), Int8CodeTests.Quantise(Networks.Create("odd", "kernel:16:16", 1)),
            Networks.Create("activations", "dense", 1), Networks.Create("modern", "dense", 1), Networks.Create("random pools", "dense", 1),
            Networks.Create("bands", "dense", 1), Int8CodeTests.Quantise(Networks.Create("bands", "kernel:4:4", 1)),
            Int8CodeTests.Quantise(Networks.Create("resnet8", "kernel:16:16", 0.25)),
        ];
        // All are one file, and without their constants: so it takes two seconds.
        var (folder, source) = (NewFolder(), new StringWriter());
        for (var i = 0; i < models.Length; i++)
        {
            var files = new CSourceFiles(models[i], $"net{i}", WeightsPlace.Separate).CodeOnly;
            using var header = new StreamWriter(Path.Combine(folder, $"net{i}.h"));
            files[$"net{i}.h"](header);
            files[$"net{i}.c"](source);
        }

        File.WriteAllText(Path.Combine(folder, "all.c"), $"{source}");
        Assert.DoesNotMatch(@"\b(alloca|goto|setjmp|longjmp|while \((1|true)\)|for \(;;)", $"{source}");
        var (exitCode, output) = Tool.Run(
            folder, "clang-tidy", "--quiet", "--warnings-as-errors=*", $"--checks={string.Join(',', Checks)}", "all.c", "--", "-std=c99");
        Assert.True(exitCode == 0, output);
        // cppcheck does not see that a group of pixels has at least one, and takes its places for uninitialised.
        (exitCode, output) = Tool.Run(
            folder, "cppcheck", "--quiet", "--std=c99", "--enable=warning,portability", "--suppress=uninitvar", "--error-exitcode=1",
            "all.c");
        Assert.True(exitCode == 0, output);
    }
}
