using System.Text;
using Google.Protobuf;
using Rlhf.Tokenization.Bpe;
using Rlhf.Tokenization.Decoding;
using Rlhf.Tokenization.Normalizing;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads SentencePiece's tokenizer.model (a protobuf, sentencepiece_model.proto), of the BPE kind with byte fallback.</summary>
internal sealed class SentencePieceFile
{
    private const int Bpe = 2;

    private readonly string _file;
    private readonly List<Piece> _pieces = [];
    private int _modelType = 1;
    private bool _hasByteFallback;
    private bool _addsPrefix = true;
    private bool _removesExtraSpaces = true;
    private bool _escapesSpaces = true;
    private bool _hasCharacterMap;

    private SentencePieceFile(string file) => _file = file;

    /// <summary>The id of the beginning of a sequence; null where the file has none.</summary>
    public int? Bos { get; private set; } = 1;

    /// <summary>The id of the end of a sequence; null where the file has none.</summary>
    public int? Eos { get; private set; } = 2;

    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static SentencePieceFile? ReadIfPresent(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var file = new SentencePieceFile(path);
        try
        {
            Fields(new CodedInputStream(File.ReadAllBytes(path)), file.Read);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"{path} is not a SentencePiece model, or it is damaged; copy it anew.", e);
        }

        (file.Bos, file.Eos) = (file.InRange(file.Bos), file.InRange(file.Eos));
        return file;
    }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="InvalidDataException">The file asks for something that is not supported.</exception>
    public TokenizerPipeline Pipeline()
    {
        RequireSupport();
        var vocabulary = new Vocabulary(_file);
        foreach (var (id, piece) in _pieces.Index())
        {
            vocabulary.Add(piece.Text, id);
        }

        List<AddedToken> addedTokens =
        [
            .. _pieces.Index().Where(piece => piece.Item.Kind is PieceKind.Control or PieceKind.Unknown or PieceKind.UserDefined)
                .Select(piece => new AddedToken(piece.Index, piece.Item.Text.Replace(WordMark.SentencePiece, ' '), piece.Item.Kind != PieceKind.UserDefined)),
        ];
        var pieces = _pieces.Index().ToDictionary(piece => piece.Index, piece => piece.Item.Kind == PieceKind.Byte
            ? DecodedPieces.WithByteFallback(piece.Item.Text, [])
            : Encoding.UTF8.GetBytes(piece.Item.Text.Replace(WordMark.SentencePiece, ' ')));
        return new TokenizerPipeline(addedTokens, Normalizer())
        {
            Splitters = TokenizerJson.SpaceSplitters(vocabulary),
            Model = new BpeModel(new CharacterAlphabet(vocabulary), Merges(vocabulary), tokenOfWholeWord: false),
            Decoder = new PieceDecoder(pieces, addedTokens.Where(token => token.IsSpecial).Select(token => token.Id).ToHashSet(), _addsPrefix),
            Vocabulary = vocabulary,
        };
    }

    private int? InRange(int? id) => id >= 0 && id < _pieces.Count ? id : null;

    private void RequireSupport()
    {
        var unsupported = _modelType != Bpe ? "a model that is not BPE"
            : !_hasByteFallback ? "a model without byte fallback"
            : !_escapesSpaces ? "spaces without marks"
            : _hasCharacterMap ? "a character map (a normalization rule other than \"identity\")"
            : null;
        if (unsupported is not null)
        {
            throw new InvalidDataException($"{_file} asks for {unsupported}, which is not supported; put the model's tokenizer.json beside it.");
        }
    }

    private Normalizer Normalizer()
    {
        var steps = new List<Func<string, TextPlace, string>>();
        if (_removesExtraSpaces)
        {
            steps.Add((text, place) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }

        steps.Add((text, place) => (_addsPrefix && place != TextPlace.BehindText && text.Length > 0 ? " " : "") + text);
        steps.Add((text, _) => text.Replace(' ', WordMark.SentencePiece));
        return new Normalizer(steps);
    }

    // Any two pieces merge whose text together is a piece, the one of the best score first.
    private MergeTable Merges(Vocabulary vocabulary)
    {
        var ranks = _pieces.Select(piece => piece.Score).Distinct().OrderDescending().Index().ToDictionary(score => score.Item, score => (uint)score.Index);
        var table = new MergeTable();
        foreach (var (id, piece) in _pieces.Index().Where(piece => piece.Item.Kind == PieceKind.Normal))
        {
            for (var cut = 1; cut < piece.Text.Length; cut++)
            {
                if (Find(piece.Text[..cut]) is { } left && Find(piece.Text[cut..]) is { } right)
                {
                    table.Set(left, right, ranks[piece.Score], id);
                }
            }
        }

        return table;

        int? Find(string text) => vocabulary.Ids.TryGetValue(text, out var id) && _pieces[id].Kind == PieceKind.Normal ? id : null;
    }

    private void Read(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 1:
                _pieces.Add(ReadPiece(input.ReadBytes().CreateCodedInput()));
                break;
            case 2:
                Fields(input.ReadBytes().CreateCodedInput(), ReadTrainer);
                break;
            case 3:
                Fields(input.ReadBytes().CreateCodedInput(), ReadNormalizer);
                break;
            default:
                input.SkipLastField();
                break;
        }
    }

    private void ReadTrainer(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 3:
                _modelType = input.ReadInt32();
                break;
            case 35:
                _hasByteFallback = input.ReadBool();
                break;
            case 41:
                Bos = input.ReadInt32();
                break;
            case 42:
                Eos = input.ReadInt32();
                break;
            default:
                input.SkipLastField();
                break;
        }
    }

    private void ReadNormalizer(int field, CodedInputStream input)
    {
        switch (field)
        {
            case 2:
                _hasCharacterMap = !input.ReadBytes().IsEmpty;
                break;
            case 3:
                _addsPrefix = input.ReadBool();
                break;
            case 4:
                _removesExtraSpaces = input.ReadBool();
                break;
            case 5:
                _escapesSpaces = input.ReadBool();
                break;
            default:
                input.SkipLastField();
                break;
        }
    }

    private static Piece ReadPiece(CodedInputStream input)
    {
        var piece = new Piece("", 0, PieceKind.Normal);
        Fields(input, (field, stream) =>
        {
            switch (field)
            {
                case 1:
                    piece = piece with { Text = stream.ReadString() };
                    break;
                case 2:
                    piece = piece with { Score = stream.ReadFloat() };
                    break;
                case 3:
                    piece = piece with { Kind = (PieceKind)stream.ReadEnum() };
                    break;
                default:
                    stream.SkipLastField();
                    break;
            }
        });
        return piece;
    }

    private static void Fields(CodedInputStream input, Action<int, CodedInputStream> read)
    {
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            read((int)(tag >> 3), input);
        }
    }

    private sealed record Piece(string Text, float Score, PieceKind Kind);

    private enum PieceKind
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }
}
