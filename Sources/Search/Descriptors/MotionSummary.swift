public import Tensors

/// What a motion does in each cell of the grid, whatever its phase and whoever moves: the mean of the latent states over
/// the window, which says the pose, and their deviation, which says what moves and how far.
///
/// Both are mapped from C to 16 numbers a cell. Of the descriptors that were tried this one finds motions of the same class
/// at other rates and phases best: docs/search.md has the table.
public struct MotionSummary: Sendable {
    /// Numbers of the mean, and as many of the deviation, in each cell.
    public static let numbers = 16
    /// States of a window, evenly spaced, its first and last moment among them.
    public static let stateCount = 16

    private let mean: GroupProjection
    private let deviation: GroupProjection

    /// Prepares for states of some channels.
    public init(channels: Int) {
        mean = GroupProjection(from: channels, to: Self.numbers, stream: 1)
        deviation = GroupProjection(from: channels, to: Self.numbers, stream: 2)
    }

    /// Sums a motion up.
    ///
    /// - Parameter states: `z_dt` at even times of a window, each `[C, h, w]`.
    /// - Returns: `[h * w, 32]`: in each cell 16 numbers of the mean, then 16 of the deviation.
    public func callAsFunction(_ states: [Tensor<Double>]) -> Tensor<Float> {
        precondition(!states.isEmpty, "no states")
        let shape = states[0].shape
        let (channels, cells) = (shape[0], shape[1] * shape[2])
        var numbers: [Float] = []
        numbers.reserveCapacity(cells * 2 * Self.numbers)
        for cell in 0..<cells {
            var means = [Float](repeating: 0, count: channels)
            var deviations = means
            for channel in 0..<channels {
                let place = channel * cells + cell
                let mean =
                    states.reduce(0) { $0 + $1.scalars[place] } / Double(states.count)
                let square = states.reduce(0.0) { sum, state in
                    let difference = state.scalars[place] - mean
                    return sum + difference * difference
                }
                means[channel] = Float(mean)
                deviations[channel] = Float((square / Double(states.count)).squareRoot())
            }
            numbers += mean(means) + deviation(deviations)
        }
        return Tensor(shape: [cells, 2 * Self.numbers], scalars: numbers)
    }

    /// How much moves in each cell: the length of the deviation's numbers.
    ///
    /// - Parameter summary: `[h * w, 32]`.
    /// - Returns: One number for each cell.
    public static func energy(_ summary: Tensor<Float>) -> [Float] {
        (0..<summary.shape[0]).map { cell in
            let start = cell * 2 * numbers + numbers
            return summary.scalars[start..<start + numbers].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
    }
}
