using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Transformer;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A model that decodes with tensors, on any device and in any type: the weights, and the keys and values, stay on the device; logits
/// come back as float32. Which rows share a step may change a row's last bits.
/// </summary>
public sealed class TensorDecodingModel : DecodingModel
{
    private const int Positions = 16; // a page

    private readonly CausalLanguageModel _model;
    private readonly bool _ownsModel;
    private readonly WorkerTeam _team;
    private readonly KeyValueShape _shape;
    private readonly KeyValuePool _pool;
    private readonly int[] _positions = new int[MaxRows];
    private float[] _logits = []; // [asked, V]
    private float[] _hidden = []; // [asked, C]
    private int _askedCount;

    /// <param name="model">Stays the caller's; an active adapter counts.</param>
    /// <param name="threads">Threads for what is done with the logits, the caller's included.</param>
    /// <param name="hasLogits">Whether rows can ask for logits; without them, only for hidden states, at less cost.</param>
    public TensorDecodingModel(CausalLanguageModel model, int threads, bool hasLogits = true)
        : this(model, threads, hasLogits, ownsModel: false)
    {
    }

    private TensorDecodingModel(CausalLanguageModel model, int threads, bool hasLogits, bool ownsModel)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _ownsModel) = (model, ownsModel);
        _team = new WorkerTeam(threads);
        _shape = KeyValueShape.Of(model.Config, Positions, (int)model.Embedding.element_size());
        _pool = new KeyValuePool(model.Config, Positions, model.Type, model.Device);
        (ParameterCount, HasLogits) = (model.ParameterCount, hasLogits);
    }

    /// <inheritdoc/>
    public override ModelConfig Config => _model.Config;

    /// <inheritdoc/>
    public override long WeightBytes => ParameterCount * _shape.NumberBytes;

    /// <summary>Loads a folder in Hugging Face layout, and an adapter in PEFT's on top.</summary>
    /// <param name="folder">The model's.</param>
    /// <param name="adapterFolder">The adapter's; null for none.</param>
    /// <param name="format">The type on the device.</param>
    /// <param name="device">Where to.</param>
    /// <param name="threads">Threads for what is done with the logits, the caller's included.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported, or the adapter does not fit; the message says what.</exception>
    public static TensorDecodingModel Load(string folder, string? adapterFolder, WeightFormat format, Device device, int threads)
    {
        var model = CausalLanguageModel.Load(folder, format == WeightFormat.Half ? ScalarType.BFloat16 : ScalarType.Float32, device);
        try
        {
            if (adapterFolder is not null)
            {
                using var adapter = LoraAdapter.Load(model, adapterFolder);
                adapter.Merge();
            }

            return new TensorDecodingModel(model, threads, hasLogits: true, ownsModel: true);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override DecodingSequence NewSequence() => new(_shape, () => new TensorPage(_pool));

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<DecodingRow> rows)
    {
        _askedCount = 0;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        Extend(rows, _positions);

        // A sequence's rows stand together, and sequences with equally many rows.
        var (all, positions) = (rows.ToArray(), _positions);
        var sequences = Enumerable.Range(0, all.Length).GroupBy(row => all[row].Sequence).OrderBy(sequence => sequence.Count()).ToList();
        var order = sequences.SelectMany(sequence => sequence).ToArray();
        var step = new PagedStep(Config, _pool, Positions, sequences.ConvertAll(rowsOfOne => Part(rowsOfOne.Key, positions[rowsOfOne.First()], rowsOfOne.Count())), _model.Device);
        var tokens = PagedStep.Whole(order.Select(row => (long)all[row].Token), _model.Device); // [R]
        var hidden = _model.Step(tokens, step); // [R, C]

        var places = new int[all.Length];
        foreach (var (place, row) in order.Index())
        {
            places[row] = place;
        }

        var asked = Enumerable.Range(0, all.Length).Where(row => all[row].IsAsked).Select(row => (long)places[row]).ToArray();
        if (asked.Length > 0)
        {
            var states = hidden.index_select(0, PagedStep.Whole(asked, _model.Device)); // [asked, C]
            Copy(states, ref _hidden);
            if (HasLogits)
            {
                Copy(_model.Logits(states), ref _logits); // [asked, V]
            }
        }

        _askedCount = asked.Length;
    }

    /// <inheritdoc/>
    public override Span<float> Logits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, HasLogits ? (uint)_askedCount : 0, nameof(index));
        return _logits.AsSpan(index * Config.VocabularySize, Config.VocabularySize);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<float> Hidden(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_askedCount, nameof(index));
        return _hidden.AsSpan(index * Config.HiddenSize, Config.HiddenSize);
    }

    /// <inheritdoc/>
    public override void OnAllThreads(Action<int, int> work) => _team.Run(worker => work(worker, _team.Workers));

    /// <inheritdoc/>
    public override void Dispose()
    {
        _team.Dispose();
        _pool.Dispose();
        if (_ownsModel)
        {
            _model.Dispose();
        }
    }

    private static SequenceRows Part(DecodingSequence sequence, int firstPosition, int rows) => new(
        firstPosition, rows, sequence.ReleasedPages, [.. sequence.Pages.Skip(sequence.ReleasedPages).Select(page => ((TensorPage)page).Index)]);

    private static void Copy(Tensor rows, ref float[] to)
    {
        using var numbers = rows.to(float32).cpu();
        var count = (int)numbers.numel();
        if (to.Length < count)
        {
            to = new float[count];
        }

        numbers.data<float>().CopyTo(to);
    }
}
