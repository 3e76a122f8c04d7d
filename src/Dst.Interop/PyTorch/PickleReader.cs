using System.Buffers.Binary;
using System.Text;

namespace Dst.Interop.PyTorch;

/// <summary>
/// Reads a Python pickle of protocol 2 to 5 as plain values: null, bool, long, double, string, byte[], lists, tuples (object?[]), and the
/// records of PickleValues.cs. Nothing is imported, called or executed. Operations that a state dict does not need are refused.
/// </summary>
internal sealed class PickleReader
{
    private static readonly PickleGlobal OrderedDictionary = new("collections", "OrderedDict");
    private static readonly object Mark = new();

    private readonly byte[] _bytes;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _next;

    private PickleReader(byte[] bytes) => _bytes = bytes;

    /// <summary>Reads the first value of a pickle.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a pickle.</exception>
    public static object? Read(byte[] bytes) => new PickleReader(bytes).Run();

    private object? Run()
    {
        while (true)
        {
            var operation = (char)TakeByte();
            if (operation == '.') return Pop(); // STOP
            if (!RunConstant(operation) && !RunContainer(operation) && !RunMemo(operation))
                throw new InvalidDataException($"the pickle has the operation 0x{(int)operation:x2}, which a state dict does not need");
        }
    }

    /// <summary>Operations that push a value of their own.</summary>
    private bool RunConstant(char operation)
    {
        switch (operation)
        {
            case '\u0080': // PROTO
                TakeByte();
                return true;
            case '\u0095': // FRAME
                Take(8);
                return true;
            case 'N': // NONE
                return Push(null);
            case '\u0088' or '\u0089': // NEWTRUE, NEWFALSE
                return Push(operation == '\u0088');
            case 'K': // BININT1
                return Push((long)TakeByte());
            case 'M': // BININT2
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case 'J': // BININT
                return Push((long)TakeInt32());
            case '\u008a': // LONG1
                return Push(ToInteger(Take(TakeByte())));
            case 'G': // BINFLOAT
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            case 'X' or '\u008c' or '\u008d': // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
                var length = operation == 'X' ? TakeInt32() : operation == '\u008c' ? TakeByte() : TakeInt64();
                return Push(Encoding.UTF8.GetString(Take(length)));
            case 'C' or 'B': // SHORT_BINBYTES, BINBYTES
                return Push(Take(operation == 'C' ? TakeByte() : TakeInt32()).ToArray());
            case 'c': // GLOBAL
                return Push(new PickleGlobal(TakeLine(), TakeLine()));
            default:
                return false;
        }
    }

    /// <summary>Operations that build a value of others.</summary>
    private bool RunContainer(char operation)
    {
        switch (operation)
        {
            case '(': // MARK
                return Push(Mark);
            case '}': // EMPTY_DICT
                return Push(new PickleDictionary());
            case ']' or '\u008f': // EMPTY_LIST, EMPTY_SET: a set is read as a list
                return Push(new List<object?>());
            case ')': // EMPTY_TUPLE
                return Push(Array.Empty<object?>());
            case 't': // TUPLE
                return Push(PopToMark());
            case >= '\u0085' and <= '\u0087': // TUPLE1 to TUPLE3
                return Push(PopLast(operation - '\u0085' + 1));
            case 'a': // APPEND
                var element = Pop();
                return AddTo(Peek(), [element]);
            case 'e' or '\u0090': // APPENDS, ADDITEMS
                var elements = PopToMark();
                return AddTo(Peek(), elements);
            case 's': // SETITEM
                var pair = PopLast(2);
                return SetItems(Peek(), pair);
            case 'u': // SETITEMS
                var pairs = PopToMark();
                return SetItems(Peek(), pairs);
            case '\u0093': // STACK_GLOBAL
                return PopLast(2) is [string module, string name] ? Push(new PickleGlobal(module, name)) : throw Malformed();
            case 'R' or '\u0081': // REDUCE, NEWOBJ
                return PopLast(2) is [var callable, object?[] arguments] ? Push(Call(callable, arguments)) : throw Malformed();
            case 'b': // BUILD: the state of an object, which nothing here reads
                Pop();
                return true;
            case 'Q': // BINPERSID
                return Push(new PickleReference(Pop()));
            default:
                return false;
        }
    }

    /// <summary>Operations that remember a value or push a remembered one.</summary>
    private bool RunMemo(char operation)
    {
        switch (operation)
        {
            case 'q': // BINPUT
                _memo[TakeByte()] = Peek();
                return true;
            case 'r': // LONG_BINPUT
                _memo[TakeInt32()] = Peek();
                return true;
            case '\u0094': // MEMOIZE
                _memo[_memo.Count] = Peek();
                return true;
            case 'h' or 'j': // BINGET, LONG_BINGET
                return _memo.TryGetValue(operation == 'h' ? TakeByte() : TakeInt32(), out var value) ? Push(value) : throw Malformed();
            default:
                return false;
        }
    }

    private static object Call(object? callable, object?[] arguments) =>
        callable is PickleGlobal global && global == OrderedDictionary ? new PickleDictionary() : new PickleCall(callable, arguments);

    private static bool AddTo(object? list, object?[] elements)
    {
        (list as List<object?>)?.AddRange(elements);
        return true;
    }

    private static bool SetItems(object? dictionary, object?[] pairs)
    {
        if (pairs.Length % 2 != 0) throw Malformed();
        for (var i = 0; i < pairs.Length; i += 2) (dictionary as PickleDictionary)?.Items.Add((pairs[i], pairs[i + 1]));
        return true;
    }

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Malformed();

    private object? Pop() => PopLast(1)[0];

    private object?[] PopLast(int count)
    {
        if (_stack.Count < count) throw Malformed();
        object?[] values = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        var mark = _stack.LastIndexOf(Mark);
        if (mark < 0) throw Malformed();
        var values = PopLast(_stack.Count - mark - 1);
        _stack.RemoveAt(mark);
        return values;
    }

    private byte TakeByte() => Take(1)[0];

    private int TakeInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private long TakeInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > _bytes.Length - _next) throw Malformed();
        _next += (int)count;
        return _bytes.AsSpan(_next - (int)count, (int)count);
    }

    private string TakeLine()
    {
        var length = _bytes.AsSpan(_next).IndexOf((byte)'\n');
        if (length < 0) throw Malformed();
        var line = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    /// <summary>A little-endian number in two's complement.</summary>
    private static long ToInteger(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long)) throw new InvalidDataException("the pickle has an integer of more than 64 bits");
        var value = 0L;
        for (var i = 0; i < bytes.Length; i++) value |= (long)bytes[i] << 8 * i;
        var unused = 64 - 8 * bytes.Length;
        return bytes.Length is 0 or sizeof(long) ? value : value << unused >> unused;
    }

    private static InvalidDataException Malformed() => new("the pickle ends too early or is damaged");
}
