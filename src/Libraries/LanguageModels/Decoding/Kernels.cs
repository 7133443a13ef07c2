namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// Products of few rows with a packed matrix. Each output is one chain of multiply-adds over the inputs in their order, whichever
/// kernel makes it: a row's result is the same to the bit alone and among others.
/// </summary>
/// <remarks>
/// A packed matrix is a list of panels of 2 · lanes outputs; a panel holds, input after input, its outputs' weights side by side,
/// in the order that the weights' format likes best.
/// Kernels differ in how many rows and panels share the registers.
/// </remarks>
internal static unsafe class Kernels<TVector, TLanes, TWeight, TWeights>
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    /// <summary>Outputs of a panel.</summary>
    public static int PanelWidth => 2 * TLanes.Count;

    /// <summary>y[row, panel's outputs] = (isAdded ? y : 0) + x[row, :] · panel, for all rows and panels.</summary>
    /// <param name="x">[rows, inputs], rows <paramref name="xStride"/> apart.</param>
    /// <param name="panels">Panels, one after another.</param>
    /// <param name="y">[rows, panelCount · PanelWidth], rows <paramref name="yStride"/> apart.</param>
    public static void Multiply(float* x, nint xStride, int rows, TWeight* panels, int inputs, int panelCount, float* y, nint yStride, bool isAdded)
    {
        var panelSize = (nint)inputs * PanelWidth;
        var panel = 0;
        for (; panel + 4 <= panelCount; panel += 4)
        {
            var weights = panels + (panel * panelSize);
            var outputs = y + ((nint)panel * PanelWidth);
            var row = 0;
            for (; row + 6 <= rows; row += 6)
            {
                for (var p = 0; p < 4; p++)
                {
                    SixRows(x + (row * xStride), xStride, weights + (p * panelSize), inputs, outputs + (row * yStride) + (p * PanelWidth), yStride, isAdded);
                }
            }

            for (; row + 2 <= rows; row += 2)
            {
                TwoRows(x + (row * xStride), xStride, weights, panelSize, inputs, outputs + (row * yStride), yStride, isAdded);
                TwoRows(x + (row * xStride), xStride, weights + (2 * panelSize), panelSize, inputs, outputs + (row * yStride) + (2 * PanelWidth), yStride, isAdded);
            }

            if (row < rows)
            {
                OneRow(x + (row * xStride), weights, panelSize, inputs, outputs + (row * yStride), isAdded);
            }
        }

        for (; panel < panelCount; panel++)
        {
            var weights = panels + (panel * panelSize);
            var outputs = y + ((nint)panel * PanelWidth);
            var row = 0;
            for (; row + 6 <= rows; row += 6)
            {
                SixRows(x + (row * xStride), xStride, weights, inputs, outputs + (row * yStride), yStride, isAdded);
            }

            for (; row + 2 <= rows; row += 2)
            {
                TwoRowsOnePanel(x + (row * xStride), xStride, weights, inputs, outputs + (row * yStride), yStride, isAdded);
            }

            if (row < rows)
            {
                OneRowOnePanel(x + (row * xStride), weights, inputs, outputs + (row * yStride), isAdded);
            }
        }
    }

    private static void SixRows(float* x, nint xStride, TWeight* panel, int inputs, float* y, nint yStride, bool isAdded)
    {
        var lanes = TLanes.Count;
        TVector a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1;
        if (isAdded)
        {
            (a0, a1) = (TLanes.Load(y), TLanes.Load(y + lanes));
            (b0, b1) = (TLanes.Load(y + yStride), TLanes.Load(y + yStride + lanes));
            (c0, c1) = (TLanes.Load(y + (2 * yStride)), TLanes.Load(y + (2 * yStride) + lanes));
            (d0, d1) = (TLanes.Load(y + (3 * yStride)), TLanes.Load(y + (3 * yStride) + lanes));
            (e0, e1) = (TLanes.Load(y + (4 * yStride)), TLanes.Load(y + (4 * yStride) + lanes));
            (f0, f1) = (TLanes.Load(y + (5 * yStride)), TLanes.Load(y + (5 * yStride) + lanes));
        }
        else
        {
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = e0 = e1 = f0 = f1 = default;
        }

        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var x3 = x2 + xStride;
        var x4 = x3 + xStride;
        var x5 = x4 + xStride;
        for (nint k = 0; k < inputs; k++, panel += 2 * lanes)
        {
            var (w0, w1) = TWeights.LoadPanel(panel);
            var v = TLanes.Broadcast(x[k]);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            v = TLanes.Broadcast(x1[k]);
            b0 = TLanes.MultiplyAdd(v, w0, b0);
            b1 = TLanes.MultiplyAdd(v, w1, b1);
            v = TLanes.Broadcast(x2[k]);
            c0 = TLanes.MultiplyAdd(v, w0, c0);
            c1 = TLanes.MultiplyAdd(v, w1, c1);
            v = TLanes.Broadcast(x3[k]);
            d0 = TLanes.MultiplyAdd(v, w0, d0);
            d1 = TLanes.MultiplyAdd(v, w1, d1);
            v = TLanes.Broadcast(x4[k]);
            e0 = TLanes.MultiplyAdd(v, w0, e0);
            e1 = TLanes.MultiplyAdd(v, w1, e1);
            v = TLanes.Broadcast(x5[k]);
            f0 = TLanes.MultiplyAdd(v, w0, f0);
            f1 = TLanes.MultiplyAdd(v, w1, f1);
        }

        StoreRow(a0, a1, y);
        StoreRow(b0, b1, y + yStride);
        StoreRow(c0, c1, y + (2 * yStride));
        StoreRow(d0, d1, y + (3 * yStride));
        StoreRow(e0, e1, y + (4 * yStride));
        StoreRow(f0, f1, y + (5 * yStride));
    }

    /// <summary>Two rows, two panels.</summary>
    private static void TwoRows(float* x, nint xStride, TWeight* panel, nint panelSize, int inputs, float* y, nint yStride, bool isAdded)
    {
        var lanes = TLanes.Count;
        TVector a0, a1, a2, a3, b0, b1, b2, b3;
        if (isAdded)
        {
            (a0, a1, a2, a3) = (TLanes.Load(y), TLanes.Load(y + lanes), TLanes.Load(y + (2 * lanes)), TLanes.Load(y + (3 * lanes)));
            var second = y + yStride;
            (b0, b1, b2, b3) = (TLanes.Load(second), TLanes.Load(second + lanes), TLanes.Load(second + (2 * lanes)), TLanes.Load(second + (3 * lanes)));
        }
        else
        {
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = default;
        }

        var x1 = x + xStride;
        for (nint k = 0; k < inputs; k++, panel += 2 * lanes)
        {
            var (v, u) = (TLanes.Broadcast(x[k]), TLanes.Broadcast(x1[k]));
            var (w0, w1) = TWeights.LoadPanel(panel);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            b0 = TLanes.MultiplyAdd(u, w0, b0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            b1 = TLanes.MultiplyAdd(u, w1, b1);
            var (w2, w3) = TWeights.LoadPanel(panel + panelSize);
            a2 = TLanes.MultiplyAdd(v, w2, a2);
            b2 = TLanes.MultiplyAdd(u, w2, b2);
            a3 = TLanes.MultiplyAdd(v, w3, a3);
            b3 = TLanes.MultiplyAdd(u, w3, b3);
        }

        StoreRow(a0, a1, y);
        StoreRow(a2, a3, y + (2 * lanes));
        StoreRow(b0, b1, y + yStride);
        StoreRow(b2, b3, y + yStride + (2 * lanes));
    }

    /// <summary>One row, four panels.</summary>
    private static void OneRow(float* x, TWeight* panel, nint panelSize, int inputs, float* y, bool isAdded)
    {
        var lanes = TLanes.Count;
        TVector a0, a1, a2, a3, a4, a5, a6, a7;
        if (isAdded)
        {
            (a0, a1, a2, a3) = (TLanes.Load(y), TLanes.Load(y + lanes), TLanes.Load(y + (2 * lanes)), TLanes.Load(y + (3 * lanes)));
            (a4, a5, a6, a7) = (TLanes.Load(y + (4 * lanes)), TLanes.Load(y + (5 * lanes)), TLanes.Load(y + (6 * lanes)), TLanes.Load(y + (7 * lanes)));
        }
        else
        {
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = default;
        }

        var panel1 = panel + panelSize;
        var panel2 = panel1 + panelSize;
        var panel3 = panel2 + panelSize;
        nint at = 0;
        for (nint k = 0; k < inputs; k++, at += 2 * lanes)
        {
            var v = TLanes.Broadcast(x[k]);
            var (w0, w1) = TWeights.LoadPanel(panel + at);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            var (w2, w3) = TWeights.LoadPanel(panel1 + at);
            a2 = TLanes.MultiplyAdd(v, w2, a2);
            a3 = TLanes.MultiplyAdd(v, w3, a3);
            var (w4, w5) = TWeights.LoadPanel(panel2 + at);
            a4 = TLanes.MultiplyAdd(v, w4, a4);
            a5 = TLanes.MultiplyAdd(v, w5, a5);
            var (w6, w7) = TWeights.LoadPanel(panel3 + at);
            a6 = TLanes.MultiplyAdd(v, w6, a6);
            a7 = TLanes.MultiplyAdd(v, w7, a7);
        }

        StoreRow(a0, a1, y);
        StoreRow(a2, a3, y + (2 * lanes));
        StoreRow(a4, a5, y + (4 * lanes));
        StoreRow(a6, a7, y + (6 * lanes));
    }

    private static void TwoRowsOnePanel(float* x, nint xStride, TWeight* panel, int inputs, float* y, nint yStride, bool isAdded)
    {
        var lanes = TLanes.Count;
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        if (isAdded)
        {
            (a0, a1, b0, b1) = (TLanes.Load(y), TLanes.Load(y + lanes), TLanes.Load(y + yStride), TLanes.Load(y + yStride + lanes));
        }

        var x1 = x + xStride;
        for (nint k = 0; k < inputs; k++, panel += 2 * lanes)
        {
            var (w0, w1) = TWeights.LoadPanel(panel);
            var (v, u) = (TLanes.Broadcast(x[k]), TLanes.Broadcast(x1[k]));
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
            b0 = TLanes.MultiplyAdd(u, w0, b0);
            b1 = TLanes.MultiplyAdd(u, w1, b1);
        }

        StoreRow(a0, a1, y);
        StoreRow(b0, b1, y + yStride);
    }

    private static void OneRowOnePanel(float* x, TWeight* panel, int inputs, float* y, bool isAdded)
    {
        var lanes = TLanes.Count;
        TVector a0 = default, a1 = default;
        if (isAdded)
        {
            (a0, a1) = (TLanes.Load(y), TLanes.Load(y + lanes));
        }

        for (nint k = 0; k < inputs; k++, panel += 2 * lanes)
        {
            var v = TLanes.Broadcast(x[k]);
            var (w0, w1) = TWeights.LoadPanel(panel);
            a0 = TLanes.MultiplyAdd(v, w0, a0);
            a1 = TLanes.MultiplyAdd(v, w1, a1);
        }

        StoreRow(a0, a1, y);
    }

    private static void StoreRow(TVector first, TVector second, float* y)
    {
        TLanes.Store(first, y);
        TLanes.Store(second, y + TLanes.Count);
    }
}
