/// The interpolation kernels of image resizing, in units of input pixels.
public enum ResamplingKernel: Sendable, Hashable {
    /// Keys' cubic convolution with four taps; -0.5 in Pillow, -0.75 in PyTorch without antialias.
    ///
    /// Source: Keys, "Cubic convolution interpolation for digital image processing", 1981, equation (15)
    /// with the free parameter `a`.
    case bicubic(a: Double)
    /// The triangle of two taps.
    case bilinear

    /// The distance at which the kernel becomes zero.
    public var support: Double {
        switch self {
        case .bicubic: 2
        case .bilinear: 1
        }
    }

    /// The weight of a pixel at a distance.
    public func weight(_ distance: Double) -> Double {
        let x = distance.magnitude
        switch self {
        case .bilinear: return x < 1 ? 1 - x : 0
        case .bicubic(let a):
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        }
    }
}
