internal import Foundation

/// Two pictures of 8-bit RGB compared pixel by pixel.
public enum PixelDifference {
    /// The PSNR of equal pictures, which have none: so that means over films stay finite.
    public static let largestPSNR = 100.0

    /// The mean square of the differences of all channels, on the scale 0...255.
    ///
    /// Shapes: `a` and `b [H, W, 3]`, `mask [H, W]`.
    ///
    /// - Parameters:
    ///   - a: A picture.
    ///   - b: The other one.
    ///   - mask: Which pixels count; all if nil.
    /// - Returns: The mean; nil if no pixel counts.
    public static func meanSquare(_ a: [UInt8], _ b: [UInt8], mask: [Bool]? = nil) -> Double? {
        precondition(a.count == b.count, "\(a.count) bytes against \(b.count)")
        precondition(mask.map { 3 * $0.count == a.count } ?? true, "a mask of another size")
        var (sum, pixels) = (0, 0)
        for pixel in 0..<a.count / 3 where mask?[pixel] ?? true {
            pixels += 1
            for channel in 3 * pixel..<3 * pixel + 3 {
                let difference = Int(a[channel]) - Int(b[channel])
                sum += difference * difference
            }
        }
        return pixels > 0 ? Double(sum) / Double(3 * pixels) : nil
    }

    /// The peak signal-to-noise ratio in dB, `10 log10(255^2 / mean square)`, at most `largestPSNR`.
    ///
    /// - Parameters:
    ///   - a: A picture `[H, W, 3]`.
    ///   - b: The other one.
    ///   - mask: Which pixels count; all if nil.
    /// - Returns: The ratio; nil if no pixel counts.
    public static func psnr(_ a: [UInt8], _ b: [UInt8], mask: [Bool]? = nil) -> Double? {
        meanSquare(a, b, mask: mask).map { min(largestPSNR, 10 * log10(255 * 255 / $0)) }
    }

    /// The distance of the mean colours of two pictures where a mask holds, on the scale 0...255.
    ///
    /// - Returns: The Euclidean distance; nil if no pixel counts.
    public static func meanColor(_ a: [UInt8], _ b: [UInt8], mask: [Bool]) -> Double? {
        var (sums, pixels) = ([0, 0, 0], 0)
        for pixel in mask.indices where mask[pixel] {
            pixels += 1
            for channel in 0..<3 {
                sums[channel] += Int(a[3 * pixel + channel]) - Int(b[3 * pixel + channel])
            }
        }
        guard pixels > 0 else { return nil }
        let squares = sums.reduce(0.0) { $0 + pow(Double($1) / Double(pixels), 2) }
        return squares.squareRoot()
    }
}
