/// How straight a row of vectors is that should change evenly, such as renders at growing lambda.
public enum PathSmoothness {
    /// The mean length of second differences over the mean length of first ones.
    ///
    /// 0 if every step is the same, 2 if every step undoes the last one, more if all that changes does so in one
    /// step of many.
    ///
    /// - Parameter path: Vectors of one length.
    /// - Returns: The ratio; nil for fewer than three vectors or if nothing changes.
    public static func bend(_ path: [[Double]]) -> Double? {
        guard path.count > 2 else { return nil }
        let steps = zip(path, path.dropFirst()).map { zip($1, $0).map { $0 - $1 } }
        let turns = zip(steps, steps.dropFirst()).map { zip($1, $0).map { $0 - $1 } }
        func meanLength(_ vectors: [[Double]]) -> Double {
            vectors.reduce(0) { sum, vector in
                sum + vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            } / Double(vectors.count)
        }
        let length = meanLength(steps)
        return length > 0 ? meanLength(turns) / length : nil
    }
}

/// Distances of joints, in pixels.
public enum JointError {
    /// The mean distance of some joints.
    ///
    /// - Parameters:
    ///   - found: Points x, y.
    ///   - truth: As many points.
    ///   - joints: Which count; all if nil.
    /// - Returns: The mean; nil if none counts.
    public static func mean(
        _ found: [SIMD2<Double>],
        _ truth: [SIMD2<Double>],
        joints: [Int]? = nil
    ) -> Double? {
        precondition(found.count == truth.count, "\(found.count) joints against \(truth.count)")
        let counted = joints ?? Array(found.indices)
        guard !counted.isEmpty else { return nil }
        let sum = counted.reduce(0.0) { sum, joint in
            let difference = found[joint] - truth[joint]
            return sum + (difference * difference).sum().squareRoot()
        }
        return sum / Double(counted.count)
    }
}
