internal import Gradients
public import Tensors

extension Tensor {
    /// `[N, C, H, W]` to `[N, H, W, C]`, what training computes on.
    public var channelsLast: Tensor {
        swapped(shape[1], shape[2] * shape[3], [shape[0], shape[2], shape[3], shape[1]])
    }

    /// `[N, H, W, C]` to `[N, C, H, W]`, what everything else computes on.
    public var channelsFirst: Tensor {
        swapped(shape[1] * shape[2], shape[3], [shape[0], shape[3], shape[1], shape[2]])
    }

    /// Transposes the matrices `[rows, columns]` of every sample.
    private func swapped(_ rows: Int, _ columns: Int, _ result: [Int]) -> Tensor {
        precondition(rank == 4, "images have four axes, got \(shape)")
        return Tensor(uninitialized: result) { out in
            scalars.withUnsafeBufferPointer { x in
                for sample in 0..<result[0] {
                    let start = sample * rows * columns
                    for row in 0..<rows {
                        for column in 0..<columns {
                            out.initializeElement(
                                at: start + column * rows + row,
                                to: x[start + row * columns + column]
                            )
                        }
                    }
                }
            }
        }
    }
}
