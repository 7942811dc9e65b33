public import Kernels
public import Tensors

/// What is the same in most clips of a library, and is taken from each before clips are compared.
public struct DescriptorCentre: Sendable, Equatable {
    /// Clips that count as many as this pull the centre half way from zero to their mean: two clips would else be each
    /// other's opposite.
    private static let inertia: Float = 8

    /// How many clips it stands on.
    public let count: Int
    /// `[groups * numbers]`; empty for none.
    public let numbers: [Float]

    /// No centre.
    public static let none = DescriptorCentre(count: 0, numbers: [])

    /// Takes a stored centre.
    public init(count: Int, numbers: [Float]) { (self.count, self.numbers) = (count, numbers) }

    /// The mean of some clips' numbers, nearer to zero the fewer they are.
    public init(of summaries: [Tensor<Float>]) {
        var sum = [Float](repeating: 0, count: summaries.first?.scalars.count ?? 0)
        for summary in summaries {
            for (index, number) in summary.scalars.enumerated() { sum[index] += number }
        }
        let share = 1 / (Float(summaries.count) + Self.inertia)
        (count, numbers) = (summaries.count, sum.map { $0 * share })
    }

    /// On how many clips the centre of so many stands: powers of 4, up to 1,024.
    ///
    /// An index is built anew whenever this grows, so that adding a clip costs the same on average, however many there are.
    public static func clips(of count: Int) -> Int {
        var clips = 1
        while clips < 1_024, clips * 4 <= count { clips *= 4 }
        return count == 0 ? 0 : clips
    }

    /// Which of so many clips it stands on: clips of all ages, for those of one age are often alike.
    public static func places(of count: Int) -> [Int] {
        let chosen = clips(of: count)
        return (0..<chosen).map { $0 * count / chosen }
    }
}

/// How numbers of clips become descriptors that are compared by angles.
public struct DescriptorSpace: Sendable {
    /// How a descriptor lies.
    public let layout: DescriptorLayout
    /// What is taken from every clip.
    public let centre: DescriptorCentre
    private let numbers: Int
    private let parts: Int

    /// Prepares for numbers of a shape.
    ///
    /// - Parameters:
    ///   - groups: Groups of a clip.
    ///   - numbers: In each group.
    ///   - parts: Of a group, of equal length; each counts the same whatever its size.
    ///   - centre: What is taken from every clip.
    public init(groups: Int, numbers: Int, parts: Int = 1, centre: DescriptorCentre = .none) {
        precondition(parts > 0 && numbers % parts == 0, "\(numbers) numbers in \(parts) parts")
        layout = DescriptorLayout(groups: groups, numbers: numbers)
        (self.numbers, self.parts, self.centre) = (numbers, parts, centre)
    }

    /// The descriptor of a clip.
    ///
    /// - Parameter summary: `[groups, numbers]`.
    /// - Returns: `[groups * width]`: every group of length 1, or shorter where a part of it is zero.
    public func descriptor(_ summary: Tensor<Float>) -> [Float] {
        precondition(
            summary.scalars.count == layout.groups * numbers,
            "\(summary.shape) in a space of \(layout.groups) groups of \(numbers)"
        )
        var descriptor = [Float](repeating: 0, count: layout.count)
        let size = numbers / parts
        for group in 0..<layout.groups {
            for part in 0..<parts {
                let start = group * numbers + part * size
                var values = Array(summary.scalars[start..<start + size])
                if !centre.numbers.isEmpty {
                    for index in values.indices { values[index] -= centre.numbers[start + index] }
                }
                let square = values.reduce(0) { $0 + $1 * $1 }
                guard square > 1e-12 else { continue }
                let scale = 1 / (square * Float(parts)).squareRoot()
                let place = group * layout.width + part * size
                for index in values.indices { descriptor[place + index] = values[index] * scale }
            }
        }
        return descriptor
    }
}
