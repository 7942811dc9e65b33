public import Tensors

/// The sizes of a pSp encoder, enough to check its weights against.
public struct PSPConfig: Codable, Sendable, Hashable {
    /// S, the side of the square input in pixels.
    public var inputSize: Int
    /// The channels of the four groups of units.
    public var widths: [Int]
    /// The number of units of the four groups; the first unit of each halves the size.
    public var units: [Int]
    /// The units, counted from 0 over all groups, whose outputs are c1, c2 and c3, fine to coarse.
    public var taps: [Int]
    /// L, the number of style heads.
    public var styleCount: Int
    /// D, the width of a W vector.
    public var styleDim: Int
    /// Heads before this one read c3.
    public var coarseIndex: Int
    /// Heads from `coarseIndex` to before this one read p2, the rest p1.
    public var middleIndex: Int
    /// How many times narrower the inside of squeeze and excitation is.
    public var squeezeReduction: Int

    /// Collects the sizes.
    public init(
        inputSize: Int,
        widths: [Int],
        units: [Int],
        taps: [Int],
        styleCount: Int,
        styleDim: Int,
        coarseIndex: Int,
        middleIndex: Int,
        squeezeReduction: Int
    ) {
        self.inputSize = inputSize
        self.widths = widths
        self.units = units
        self.taps = taps
        self.styleCount = styleCount
        self.styleDim = styleDim
        self.coarseIndex = coarseIndex
        self.middleIndex = middleIndex
        self.squeezeReduction = squeezeReduction
    }

    /// Reads the sizes off the tensors, taking the taps to be the last units of groups 2 to 4.
    ///
    /// A group starts where a unit's shortcut has weights, that is where the width changes; the input size
    /// follows from how often the coarsest head halves its 1/16 grid.
    ///
    /// - Parameter weights: The encoder's tensors, without `encoder.`.
    /// - Throws: `WeightError` if a tensor is missing or the groups cannot be told apart.
    public init(inferredFrom weights: Weights) throws {
        var widths: [Int] = []
        var units: [Int] = []
        var unit = 0
        while let shape = weights.shape("body.\(unit).res_layer.1.weight"), let width = shape.first
        {
            if unit == 0 || weights.has("body.\(unit).shortcut_layer.0.weight") {
                widths.append(width)
                units.append(0)
            }
            units[units.count - 1] += 1
            unit += 1
        }
        guard units.count == 4 else {
            throw WeightError(
                "\(units.count) groups of units were recognised, expected 4; state widths and units "
                    + "in the configuration if neighbouring groups have one width"
            )
        }
        let headCounts = weights.headConvolutionCounts
        let head = try weights.raw("styles.0.linear.weight", [-1, -1])
        let squeeze = try weights.raw("body.\(unit - 1).res_layer.5.fc1.weight", [-1, -1, 1, 1])
        let halvings = headCounts.first ?? 0
        guard (1...8) ~= halvings, squeeze.shape[0] > 0 else {
            throw WeightError("styles.0 has \(halvings) convolutions, expected 1 to 8")
        }
        self.init(
            inputSize: 16 << halvings,
            widths: widths,
            units: units,
            taps: (1...3).map { units[...$0].reduce(-1, +) },
            styleCount: headCounts.count,
            styleDim: head.shape[0],
            coarseIndex: headCounts.count { $0 <= halvings },
            middleIndex: headCounts.count { $0 <= halvings + 1 },
            squeezeReduction: squeeze.shape[1] / squeeze.shape[0]
        )
    }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        guard (16...4096) ~= inputSize, inputSize % 16 == 0 else {
            throw ConfigError("inputSize", "needs a multiple of 16 up to 4096, got \(inputSize)")
        }
        guard widths.count == 4, widths.allSatisfy({ (1...8192) ~= $0 }) else {
            throw ConfigError("widths", "needs 4 positive entries, got \(widths)")
        }
        guard units.count == 4, units.allSatisfy({ (1...256) ~= $0 }) else {
            throw ConfigError("units", "needs 4 entries in 1...256, got \(units)")
        }
        let unitCount = units.reduce(0, +)
        guard taps.count == 3, taps[0] >= 0, taps[0] < taps[1], taps[1] < taps[2],
            taps[2] < unitCount
        else {
            throw ConfigError("taps", "needs 3 rising unit numbers below \(unitCount), got \(taps)")
        }
        guard (1...64) ~= styleCount else { throw ConfigError("styleCount", "got \(styleCount)") }
        guard (1...8192) ~= styleDim else { throw ConfigError("styleDim", "got \(styleDim)") }
        guard 0 <= coarseIndex, coarseIndex <= middleIndex, middleIndex <= styleCount else {
            throw ConfigError(
                "middleIndex",
                "needs 0 <= coarseIndex \(coarseIndex) <= middleIndex \(middleIndex) "
                    + "<= styleCount \(styleCount)"
            )
        }
        guard squeezeReduction >= 1, widths.allSatisfy({ $0 >= squeezeReduction }) else {
            throw ConfigError(
                "squeezeReduction",
                "needs 1 to the smallest of \(widths), got \(squeezeReduction)"
            )
        }
    }

    /// Input channels, output channels and stride of every unit, in order.
    package var unitShapes: [(input: Int, output: Int, stride: Int)] {
        var input = widths[0]
        var shapes: [(input: Int, output: Int, stride: Int)] = []
        for (width, count) in zip(widths, units) {
            for index in 0..<count {
                shapes.append((input, width, index == 0 ? 2 : 1))
                input = width
            }
        }
        return shapes
    }
}

extension Weights {
    /// The number of convolutions of every style head, head 0 first.
    fileprivate var headConvolutionCounts: [Int] {
        var counts: [Int] = []
        while has("styles.\(counts.count).linear.weight") {
            counts.append(convolutionCount(ofHead: counts.count))
        }
        return counts
    }

    /// The number of convolutions of a style head: activations take every second number.
    package func convolutionCount(ofHead head: Int) -> Int {
        var count = 0
        while has("styles.\(head).convs.\(2 * count).weight") { count += 1 }
        return count
    }
}
