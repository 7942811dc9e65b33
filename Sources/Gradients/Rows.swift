internal import Kernels
public import Tensors

extension Variable {
    /// `x[r][c] * scale[r / scaleRows][c] + shift[r / shiftRows][c]` on plain tensors.
    static func affine(
        _ x: Tensor<Scalar>,
        scale: Tensor<Scalar>? = nil,
        scaleRows: Int = 1,
        shift: Tensor<Scalar>? = nil,
        shiftRows: Int = 1
    ) -> Tensor<Scalar> {
        let width = x.shape.last ?? 1
        return .made(x.shape) { y in
            x.scalars.withUnsafeBufferPointer { x in
                guard let start = x.baseAddress else { return }
                withOptional(scale) { scale in
                    withOptional(shift) { shift in
                        Scalar.affineRows(
                            start,
                            rows: x.count / width,
                            width: width,
                            scale: scale,
                            scaleRows: scaleRows,
                            shift: shift,
                            shiftRows: shiftRows,
                            y
                        )
                    }
                }
            }
        }
    }

    /// The rows that share one row of `other`: all rows of `[..., D]` for `[D]`, and so on.
    private func rowsEach(_ other: Variable) -> Int {
        let groups = other.value.count / max(width, 1)
        precondition(
            other.width == width && groups > 0 && rows % groups == 0,
            "rows of \(other.shape) for \(shape)"
        )
        return rows / groups
    }

    /// Adds a row to the rows of each group: `x [..., D]`, `shift [groups, D]` (or `[D]`).
    ///
    /// Neighbouring rows make a group, as many groups as `shift` has rows.
    public func addingRows(_ shift: Variable) -> Variable {
        let each = rowsEach(shift)
        return Variable(
            Self.affine(value, shift: shift.value, shiftRows: each),
            from: [self, shift]
        ) { gradient in
            self.accumulate(gradient)
            shift.accumulate(
                Self.sumOfRows(gradient, groupRows: each).reshaped(shift.shape)
            )
        }
    }

    /// Multiplies the rows of each group by a row: `x [..., D]`, `scale [groups, D]` (or `[D]`).
    public func multiplyingRows(_ scale: Variable) -> Variable {
        let each = rowsEach(scale)
        return Variable(
            Self.affine(value, scale: scale.value, scaleRows: each),
            from: [self, scale]
        ) { gradient in
            self.accumulate(Self.affine(gradient, scale: scale.value, scaleRows: each))
            scale.accumulate(
                Self.sumOfRows(gradient, self.value, groupRows: each).reshaped(scale.shape)
            )
        }
    }

    /// Noise, bias and leaky ReLU of a styled layer, in one pass.
    ///
    /// - Parameters:
    ///   - bias: `[C]`, or nil.
    ///   - noise: `[H, W]` for `x [N, H, W, C]`, the same for all samples and channels, or nil.
    ///   - strength: `[]` or `[1]`, what the noise is multiplied by.
    ///   - slope: The leaky ReLU's slope.
    ///   - gain: What the activation is multiplied by.
    /// - Returns: The same shape.
    public func activated(
        bias: Variable?,
        noise: Tensor<Scalar>? = nil,
        strength: Variable? = nil,
        slope: Scalar = 0.2,
        gain: Scalar = Scalar(2).squareRoot()
    ) -> Variable {
        let (rows, width) = (rows, width)
        let usedNoise = strength == nil ? nil : noise
        let pixels = usedNoise?.count ?? 1
        precondition(rows % max(pixels, 1) == 0, "noise of \(pixels) pixels for \(shape)")
        let value = Tensor<Scalar>.made(shape) { y in
            self.value.scalars.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                Self.withOptional(bias?.value) { bias in
                    Self.withOptional(usedNoise) { noise in
                        Scalar.styledRows(
                            x,
                            rows: rows,
                            width: width,
                            noise: noise,
                            pixels: pixels,
                            strength: strength?.value.scalars.first ?? 0,
                            bias: bias,
                            slope: slope,
                            gain: gain,
                            y
                        )
                    }
                }
            }
        }
        let inputs = [self, bias, strength].compactMap { $0 }
        return Variable(value, from: inputs) { gradient in
            // The value has the sign of the argument, so that nothing else has to be kept.
            let before = Self.mapped(.leakyBack, value, gradient, slope, gain)
            self.accumulate(before)
            bias?.accumulate(Self.sumOfRows(before, groupRows: rows).reshaped([width]))
            if let strength, let usedNoise {
                strength.accumulate(
                    Tensor(
                        shape: strength.shape,
                        scalars: [Self.weighted(before, by: usedNoise)]
                    )
                )
            }
        }
    }

    /// The sum over samples and channels of `x [N * pixels, C]` times `noise [pixels]`.
    private static func weighted(_ x: Tensor<Scalar>, by noise: Tensor<Scalar>) -> Scalar {
        let pixels = noise.count
        let sums = sumOfColumns(x.reshaped([x.count / (x.shape.last ?? 1), x.shape.last ?? 1]))
        let perPixel = sumOfRows(
            sums.reshaped([sums.count / pixels, pixels]),
            groupRows: sums.count / pixels
        )
        return sumOfColumns(perPixel, noise.reshaped([1, pixels])).scalars[0]
    }

    /// PReLU with one slope for each channel: `x [..., C]`, `slopes [C]`.
    public func parametricReLU(_ slopes: Variable) -> Variable {
        let positive = leakyReLU(slope: 0)
        let negative = (self - positive).multiplyingRows(slopes)
        return positive + negative
    }
}
