public import Tensors

/// How many rows and columns are added on each side of an image.
public struct Margins: Sendable, Hashable {
    /// Rows added above.
    public var top: Int
    /// Columns added on the left.
    public var left: Int
    /// Rows added below.
    public var bottom: Int
    /// Columns added on the right.
    public var right: Int

    /// Names each side.
    public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    /// The same on all sides.
    public init(all count: Int) { self.init(top: count, left: count, bottom: count, right: count) }
}

extension Passes {
    /// Pads by mirroring without repeating the border, as PyTorch's reflection padding.
    ///
    /// Shapes: `x [N, C, H, W]` to `[N, C, H + top + bottom, W + left + right]`; margins are smaller than the
    /// size.
    public static func reflect(_ x: Tensor<Float>, _ margins: Margins) -> Tensor<Float> {
        let (h, w) = (x.shape[2], x.shape[3])
        precondition(
            [margins.top, margins.bottom].allSatisfy { $0 >= 0 && $0 < max(h, 1) }
                && [margins.left, margins.right].allSatisfy { $0 >= 0 && $0 < max(w, 1) },
            "\(x.shape) cannot be mirrored by \(margins)"
        )
        func mirror(_ index: Int, _ count: Int) -> Int {
            let inside = index < 0 ? -index : index
            return inside >= count ? 2 * (count - 1) - inside : inside
        }
        let rows = (-margins.top..<h + margins.bottom).map { mirror($0, h) }
        let columns = (-margins.left..<w + margins.right).map { mirror($0, w) }
        let planes = x.shape[0] * x.shape[1]
        return Tensor(
            uninitialized: [x.shape[0], x.shape[1], rows.count, columns.count]
        ) { output in
            guard var out = output.baseAddress else { return }
            x.scalars.withUnsafeBufferPointer { input in
                guard let start = input.baseAddress else { return }
                for plane in 0..<planes {
                    for row in rows {
                        let source = start + (plane * h + row) * w
                        for column in columns {
                            out.pointee = source[column]
                            out += 1
                        }
                    }
                }
            }
        }
    }

    /// Keeps every row and column whose index is a multiple of `stride`.
    ///
    /// Shapes: `x [N, C, H, W]` to `[N, C, ceil(H/stride), ceil(W/stride)]`.
    public static func subsample(_ x: Tensor<Float>, stride: Int) -> Tensor<Float> {
        let (h, w) = (x.shape[2], x.shape[3])
        precondition(stride > 0, "a stride of \(stride)")
        let rows = Array(Swift.stride(from: 0, to: h, by: stride))
        let columns = Array(Swift.stride(from: 0, to: w, by: stride))
        let planes = x.shape[0] * x.shape[1]
        return Tensor(
            uninitialized: [x.shape[0], x.shape[1], rows.count, columns.count]
        ) { output in
            guard var out = output.baseAddress else { return }
            x.scalars.withUnsafeBufferPointer { input in
                guard let start = input.baseAddress else { return }
                for plane in 0..<planes {
                    for row in rows {
                        for column in columns {
                            out.pointee = start[(plane * h + row) * w + column]
                            out += 1
                        }
                    }
                }
            }
        }
    }
}
