/// Which pixels of a picture count, row by row.
public enum PixelMask {
    /// The pixels at which two pictures differ by more than a threshold in a channel.
    ///
    /// - Parameters:
    ///   - a: A picture `[H, W, 3]`.
    ///   - b: The other one.
    ///   - threshold: The largest difference that is none; 12 covers what codecs and dithering leave.
    /// - Returns: `[H, W]`.
    public static func difference(_ a: [UInt8], _ b: [UInt8], threshold: Int = 12) -> [Bool] {
        precondition(a.count == b.count, "\(a.count) bytes against \(b.count)")
        return (0..<a.count / 3).map { pixel in
            (3 * pixel..<3 * pixel + 3).contains { abs(Int(a[$0]) - Int(b[$0])) > threshold }
        }
    }

    /// A mask grown by a square of `2 * radius + 1` pixels.
    ///
    /// - Parameters:
    ///   - mask: `[H, W]`.
    ///   - width: W.
    ///   - radius: How far it grows in each direction.
    /// - Returns: `[H, W]`.
    public static func dilated(_ mask: [Bool], width: Int, radius: Int) -> [Bool] {
        let height = mask.count / max(1, width)
        var across = [Bool](repeating: false, count: mask.count)
        for y in 0..<height {
            for x in 0..<width where mask[y * width + x] {
                for other in max(0, x - radius)...min(width - 1, x + radius) {
                    across[y * width + other] = true
                }
            }
        }
        var grown = across
        for y in 0..<height {
            for x in 0..<width where across[y * width + x] {
                for other in max(0, y - radius)...min(height - 1, y + radius) {
                    grown[other * width + x] = true
                }
            }
        }
        return grown
    }
}
