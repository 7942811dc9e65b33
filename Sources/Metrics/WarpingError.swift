/// How much of a film's change from frame to frame is not motion.
///
/// The second frame is warped onto the first by the flow between them; the error is the mean square of what differs,
/// with colours in 0...1, over pixels whose flow forth and back agrees within
/// `0.01 (|forth|^2 + |back|^2) + 0.5`, so that what is covered or uncovered does not count.
/// Source: Lai et al. 2018, "Learning Blind Video Temporal Consistency", equations (9) and (10), with the flow of
/// `OpticalFlow` in place of a network: numbers of different flows do not compare.
public enum WarpingError {
    /// The error of two frames that follow one another.
    ///
    /// - Parameters:
    ///   - first: `[H, W, 3]`, 0...255.
    ///   - second: The next one.
    ///   - width: W.
    /// - Returns: The error and the share of pixels that count; nil if none does.
    public static func between(
        _ first: [UInt8],
        _ second: [UInt8],
        width: Int
    ) -> (error: Double, coverage: Double)? {
        let (a, b) = (grey(first), grey(second))
        let forth = OpticalFlow(from: a, to: b, width: width)
        let back = OpticalFlow(from: b, to: a, width: width)
        let (backX, backY) = (GreyPlane(back.x, width), GreyPlane(back.y, width))
        let planes = (0..<3).map { channel in
            GreyPlane((0..<a.count).map { Float(second[3 * $0 + channel]) / 255 }, width)
        }
        var (sum, count) = (0.0, 0)
        for place in a.indices {
            let (u, v) = (forth.x[place], forth.y[place])
            let (x, y) = (Float(place % width) + u, Float(place / width) + v)
            let (ru, rv) = (backX.value(x, y), backY.value(x, y))
            let mismatch = (u + ru) * (u + ru) + (v + rv) * (v + rv)
            guard mismatch < 0.01 * (u * u + v * v + ru * ru + rv * rv) + 0.5 else { continue }
            count += 1
            for channel in 0..<3 {
                let there = planes[channel].value(x, y)
                let difference = Double(there - Float(first[3 * place + channel]) / 255)
                sum += difference * difference
            }
        }
        guard count > 0 else { return nil }
        return (sum / Double(3 * count), Double(count) / Double(a.count))
    }

    private static func grey(_ pixels: [UInt8]) -> [Float] {
        (0..<pixels.count / 3).map { pixel in
            0.299 * Float(pixels[3 * pixel]) + 0.587 * Float(pixels[3 * pixel + 1])
                + 0.114 * Float(pixels[3 * pixel + 2])
        }
    }
}
