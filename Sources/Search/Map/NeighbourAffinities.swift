internal import Foundation

/// How much each place belongs to each of its neighbours: the p of t-SNE, symmetric, in rows of a sparse matrix.
///
/// Source: van der Maaten and Hinton 2008, equations (1) and section 3.1; neighbours only, as in van der Maaten 2014.
package struct NeighbourAffinities {
    /// Where the entries of each row begin, and the number of all at the end.
    package let starts: [Int]
    /// The other place of each entry.
    package let columns: [Int32]
    /// Sum to 1.
    package let values: [Double]

    package init(_ graph: NeighbourGraph, perplexity: Double) {
        var pairs: [[(column: Int32, value: Double)]] = Array(repeating: [], count: graph.count)
        for place in 0..<graph.count {
            // Of vectors of length 1.
            let distances = graph.scores[place].map { 2 * max(0, 1 - Double($0)) }
            let shares = Self.shares(distances, perplexity)
            for (other, share) in zip(graph.neighbours[place], shares) {
                pairs[place].append((Int32(other), share))
                pairs[other].append((Int32(place), share))
            }
        }
        var (starts, columns, values): ([Int], [Int32], [Double]) = ([0], [], [])
        for pair in pairs {
            for entry in pair.sorted(by: { $0.column < $1.column }) {
                if columns.count > starts[starts.count - 1], columns.last == entry.column {
                    values[values.count - 1] += entry.value
                } else {
                    columns.append(entry.column)
                    values.append(entry.value)
                }
            }
            starts.append(columns.count)
        }
        let sum = values.reduce(0, +)
        self.starts = starts
        self.columns = columns
        self.values = sum > 0 ? values.map { $0 / sum } : values
    }

    /// Shares that fall with squared distance, so steep that their entropy is that of `perplexity` equal ones.
    private static func shares(_ distances: [Double], _ perplexity: Double) -> [Double] {
        guard let nearest = distances.min() else { return [] }
        let wanted = log(min(perplexity, Double(distances.count)))
        var (beta, low, high) = (1.0, 0.0, Double.infinity)
        var shares: [Double] = []
        for _ in 0..<64 {
            // The nearest is taken off, so that the largest exponential is 1.
            shares = distances.map { exp(-beta * ($0 - nearest)) }
            let sum = shares.reduce(0, +)
            let mean = zip(distances, shares).reduce(0) { $0 + ($1.0 - nearest) * $1.1 } / sum
            let entropy = log(sum) + beta * mean
            shares = shares.map { $0 / sum }
            guard abs(entropy - wanted) > 1e-5 else { break }
            if entropy > wanted { low = beta } else { high = beta }
            beta = high.isFinite ? (low + high) / 2 : beta * 2
            // All distances are equal: no slope changes the entropy.
            guard beta < 1e12 else { break }
        }
        return shares
    }
}
