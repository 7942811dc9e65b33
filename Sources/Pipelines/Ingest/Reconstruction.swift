internal import Packs
package import Tensors

/// How far the generator's picture of a frame is from the frame.
///
/// An inversion always gives a picture of the pack's domain in its framing; a frame that is not so framed
/// is far from it.
package enum Reconstruction {
    /// The rows at which both are compared: position and colours count, fine texture does not.
    private static let rows = 32
    /// The smallest standard deviation of a frame, of values in -1...1, that a residue is measured by.
    private static let faintest = 0.05

    /// The frames of a clip that are looked at: first, middle and last.
    static func indices(_ count: Int) -> [Int] {
        Set([0, count / 2, count - 1]).sorted()
    }

    /// The root mean square of the difference, as a share of the frame's standard deviation.
    ///
    /// Shapes: `frame` and `drawn [3, H, W]`, -1...1.
    package static func distance(_ frame: Tensor<Float>, _ drawn: Tensor<Float>) -> Double {
        precondition(frame.shape == drawn.shape, "\(frame.shape) against \(drawn.shape)")
        let (seen, made) = (averaged(frame), averaged(drawn))
        let mean = seen.reduce(0, +) / Double(seen.count)
        let spread = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seen.count)
        let residue = zip(seen, made).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (residue / Double(seen.count)).squareRoot() / max(faintest, spread.squareRoot())
    }

    /// Means over squares of pixels.
    static func averaged(_ image: Tensor<Float>) -> [Double] {
        let side = max(1, image.shape[1] / rows)
        let (height, width) = (image.shape[1] / side, image.shape[2] / side)
        var sums = [Double](repeating: 0, count: 3 * height * width)
        for plane in 0..<3 {
            for y in 0..<height * side {
                let row = (plane * image.shape[1] + y) * image.shape[2]
                for x in 0..<width * side {
                    let cell = (plane * height + y / side) * width + x / side
                    sums[cell] += Double(image.scalars[row + x])
                }
            }
        }
        return sums.map { $0 / Double(side * side) }
    }
}

extension LoadedPack {
    /// What to say of a clip that is further from its reconstruction than the pack's own clips.
    ///
    /// - Parameter distance: The clip's distance; infinite if it is no number.
    /// - Returns: A sentence; nil if the clip is as near, or nobody measured the pack.
    func doubt(_ distance: Double) -> String? {
        guard let own = manifest.reconstruction, distance > own.limit else { return nil }
        func share(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        return "it looks unaligned for pack \"\(manifest.name)\": reconstruction distance "
            + "\(share(distance)), the pack's own clips have \(share(own.median)), at most "
            + "\(share(own.limit)); frame it as they are (--boxes, --align), or use another pack"
    }
}
