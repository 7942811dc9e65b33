internal import Foundation

/// SSIM of two pictures of 8-bit RGB.
///
/// Each channel by itself, then the mean over channels. A Gaussian window of 11x11 with sigma 1.5 and weights that
/// sum to 1, population covariances, data range 255, K1 0.01 and K2 0.03; the mean is over pixels whose window
/// lies inside the picture. That is scikit-image's `structural_similarity(a, b, channel_axis=-1,
/// data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
/// Source: Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity".
public enum StructuralSimilarity {
    private static let radius = 5
    private static let window: [Double] = {
        let raw = (-radius...radius).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }()

    /// The mean SSIM.
    ///
    /// Shapes: `a` and `b [H, W, 3]`, `mask [H, W]`.
    ///
    /// - Parameters:
    ///   - a: A picture.
    ///   - b: The other one.
    ///   - width: W.
    ///   - masks: Which window centres count, one mean for each; nil in the list for all.
    /// - Returns: A mean for each mask; nil where no window counts, as in pictures below 11x11.
    public static func means(
        _ a: [UInt8],
        _ b: [UInt8],
        width: Int,
        masks: [[Bool]?]
    ) -> [Double?] {
        precondition(a.count == b.count, "\(a.count) bytes against \(b.count)")
        let height = a.count / (3 * max(1, width))
        guard width > 2 * radius, height > 2 * radius else { return masks.map { _ in nil } }
        let maps = (0..<3).map { map(a, b, width: width, height: height, channel: $0) }
        let inner = width - 2 * radius
        return masks.map { mask in
            var (sum, count) = (0.0, 0)
            for place in maps[0].indices {
                let pixel = (place / inner + radius) * width + place % inner + radius
                guard mask?[pixel] ?? true else { continue }
                sum += (maps[0][place] + maps[1][place] + maps[2][place]) / 3
                count += 1
            }
            return count > 0 ? sum / Double(count) : nil
        }
    }

    /// The mean SSIM of all of a picture; nil below 11x11.
    public static func mean(_ a: [UInt8], _ b: [UInt8], width: Int) -> Double? {
        means(a, b, width: width, masks: [nil])[0]
    }

    /// SSIM of one channel at every pixel whose window lies inside: `[H - 10, W - 10]`.
    private static func map(
        _ a: [UInt8],
        _ b: [UInt8],
        width: Int,
        height: Int,
        channel: Int
    ) -> [Double] {
        let pixels = width * height
        let x = (0..<pixels).map { Double(a[3 * $0 + channel]) }
        let y = (0..<pixels).map { Double(b[3 * $0 + channel]) }
        func smooth(_ values: [Double]) -> [Double] { blurred(values, width, height) }
        let (meanX, meanY) = (smooth(x), smooth(y))
        let squareX = smooth(zip(x, x).map(*))
        let squareY = smooth(zip(y, y).map(*))
        let product = smooth(zip(x, y).map(*))
        let (c1, c2): (Double, Double) = (pow(0.01 * 255, 2), pow(0.03 * 255, 2))
        return meanX.indices.map { index in
            let (mx, my) = (meanX[index], meanY[index])
            let varianceX = squareX[index] - mx * mx
            let varianceY = squareY[index] - my * my
            let covariance = product[index] - mx * my
            return (2 * mx * my + c1) * (2 * covariance + c2)
                / ((mx * mx + my * my + c1) * (varianceX + varianceY + c2))
        }
    }

    /// The window's mean at every place where it fits: `[H, W]` to `[H - 10, W - 10]`.
    private static func blurred(_ values: [Double], _ width: Int, _ height: Int) -> [Double] {
        let (inner, rows) = (width - 2 * radius, height - 2 * radius)
        var across = [Double](repeating: 0, count: inner * height)
        var result = [Double](repeating: 0, count: inner * rows)
        values.withUnsafeBufferPointer { values in
            across.withUnsafeMutableBufferPointer { across in
                for (tap, weight) in window.enumerated() {
                    for y in 0..<height {
                        for x in 0..<inner {
                            across[y * inner + x] += weight * values[y * width + x + tap]
                        }
                    }
                }
                result.withUnsafeMutableBufferPointer { result in
                    for (tap, weight) in window.enumerated() {
                        for place in 0..<inner * rows {
                            result[place] += weight * across[place + tap * inner]
                        }
                    }
                }
            }
        }
        return result
    }
}
