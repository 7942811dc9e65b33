public import Tensors

/// How pixel values are written as floating-point numbers.
public enum PixelRange: String, Codable, Sendable {
    /// Black is 0 and white is 1.
    case zeroToOne
    /// Black is -1 and white is 1, as networks of the StyleGAN family have it.
    case minusOneToOne
}

extension RGBImage {
    /// The picture as planes.
    ///
    /// Shapes: `[3, H, W]`, float32, red first.
    public func tensor(_ range: PixelRange) -> Tensor<Float> {
        let plane = width * height
        let table = (0...255).map { range.float(of: UInt8($0)) }
        return Tensor(uninitialized: [3, height, width]) { out in
            pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<plane {
                    for channel in 0..<3 {
                        let value = table[Int(pixels[3 * index + channel])]
                        out.initializeElement(at: channel * plane + index, to: value)
                    }
                }
            }
        }
    }

    /// Rounds planes to pixels.
    ///
    /// Values outside the range are clamped, and rounded half away from zero on the scale 0...255;
    /// NaN becomes black. `RGBImage(x.tensor(r), r) == x` for every picture and range.
    ///
    /// - Parameters:
    ///   - planes: `[3, H, W]`, red first.
    ///   - range: Where black and white lie.
    public init(_ planes: Tensor<Float>, _ range: PixelRange) {
        precondition(
            planes.rank == 3 && planes.shape[0] == 3,
            "a picture is [3, H, W], not \(planes.shape)"
        )
        let plane = planes.shape[1] * planes.shape[2]
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * plane) { out, count in
            planes.scalars.withUnsafeBufferPointer { scalars in
                for index in 0..<plane {
                    for channel in 0..<3 {
                        let value = range.byte(of: scalars[channel * plane + index])
                        out.initializeElement(at: 3 * index + channel, to: value)
                    }
                }
            }
            count = 3 * plane
        }
        self.init(width: planes.shape[2], height: planes.shape[1], pixels: pixels)
    }
}

extension PixelRange {
    fileprivate func float(of byte: UInt8) -> Float {
        switch self {
        case .zeroToOne: Float(byte) / 255
        case .minusOneToOne: Float(byte) / 127.5 - 1
        }
    }

    fileprivate func byte(of value: Float) -> UInt8 {
        let level = self == .zeroToOne ? value * 255 : (value + 1) * 127.5
        guard level > 0 else { return 0 }  // also NaN
        return UInt8(min(level, 255).rounded(.toNearestOrAwayFromZero))
    }
}
