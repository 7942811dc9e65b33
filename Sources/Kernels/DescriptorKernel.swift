internal import CKernels

/// How the numbers of a descriptor lie: groups of equal width, which a query may count or leave out.
public struct DescriptorLayout: Sendable, Hashable, Codable {
    /// The numbers of a group come in multiples of this.
    public static let widthUnit = 32

    /// How many groups: cells of a grid, layers of a code, or 1.
    public let groups: Int
    /// Numbers in a group, a multiple of `widthUnit`.
    public let width: Int

    /// Makes room for groups of at least so many numbers.
    ///
    /// - Parameters:
    ///   - groups: How many, at least 1.
    ///   - numbers: In each, at least 1; the rest up to the next multiple of 32 is zero.
    public init(groups: Int, numbers: Int) {
        precondition(groups > 0 && numbers > 0, "\(groups) groups of \(numbers)")
        self.groups = groups
        width = (numbers + Self.widthUnit - 1) / Self.widthUnit * Self.widthUnit
    }

    /// Numbers of a descriptor.
    public var count: Int { groups * width }
    /// Bytes of a descriptor in binary16.
    public var byteCount: Int { 2 * count }
    /// Bytes of the sketch of a descriptor.
    public var sketchByteCount: Int { count / 8 }
}

/// Inner products of a query with many descriptors in binary16, and with sketches of them.
///
/// A sketch has one bit for each number: its sign after a fixed rotation of each 32 numbers, as in Gao and Long 2024
/// ("RaBitQ"), but group by group, so that a query may leave groups out. Sixteen times fewer bytes are read than of the
/// descriptors, and what comes out is, up to one factor, an estimate of the inner product.
public enum DescriptorKernel {
    /// Rows whose sketches lie together.
    public static let sketchRows = CK_SKETCH_ROWS

    /// Scores of all rows.
    ///
    /// - Parameters:
    ///   - rows: Descriptors one after the other, binary16.
    ///   - layout: How each of them lies.
    ///   - query: Numbers in the same order, and the groups that count.
    ///   - scores: One for each row.
    public static func scan(
        _ rows: UnsafeBufferPointer<UInt16>,
        _ layout: DescriptorLayout,
        _ query: DescriptorQuery,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(rows.count == scores.count * layout.count, "rows and scores do not fit")
        withC(rows, layout, query) { ck_scan($0, $1, scores.baseAddress) }
    }

    /// Scores of some rows, in the order of the list.
    public static func scan(
        _ rows: UnsafeBufferPointer<UInt16>,
        at indices: [UInt32],
        _ layout: DescriptorLayout,
        _ query: DescriptorQuery
    ) -> [Float] {
        let count = rows.count / layout.count
        precondition(indices.allSatisfy { $0 < count }, "a row beyond \(count)")
        return [Float](unsafeUninitializedCapacity: indices.count) { scores, initialised in
            withC(rows, layout, query) {
                ck_scan_rows($0, $1, indices, indices.count, scores.baseAddress)
            }
            initialised = indices.count
        }
    }

    /// Bytes of the sketches of so many rows: whole blocks.
    public static func sketchByteCount(rows: Int, _ layout: DescriptorLayout) -> Int {
        ck_sketch_bytes(rows, layout.groups, layout.width)
    }

    /// Writes the sketches of a range of rows; other rows of their blocks keep theirs.
    ///
    /// - Parameters:
    ///   - rows: Descriptors, binary16, from row 0.
    ///   - range: Which of them.
    ///   - layout: How each of them lies.
    ///   - sketch: `sketchByteCount(rows:_:)` bytes.
    public static func sketch(
        _ rows: UnsafeBufferPointer<UInt16>,
        _ range: Range<Int>,
        _ layout: DescriptorLayout,
        into sketch: UnsafeMutableBufferPointer<UInt8>
    ) {
        precondition(rows.count >= range.upperBound * layout.count, "fewer rows than \(range)")
        precondition(
            sketch.count >= sketchByteCount(rows: range.upperBound, layout),
            "the sketch is too short for \(range)"
        )
        var of = ck_descriptors(
            rows: rows.baseAddress,
            count: range.upperBound,
            groups: layout.groups,
            width: layout.width
        )
        ck_sketch(&of, range.lowerBound, range.upperBound, sketch.baseAddress)
    }

    /// What sketches let the scores of rows be, up to a factor that all rows share.
    ///
    /// - Parameters:
    ///   - sketch: Whole blocks.
    ///   - layout: How a descriptor lies.
    ///   - query: The query.
    ///   - scores: One for each row of the blocks, also of those in the last block that are none.
    public static func scanSketch(
        _ sketch: UnsafeBufferPointer<UInt8>,
        _ layout: DescriptorLayout,
        _ query: DescriptorQuery,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            sketch.count == sketchByteCount(rows: scores.count, layout)
                && scores.count % sketchRows == 0 && query.values.count == layout.count,
            "sketch, scores and query do not fit"
        )
        query.groups.withUnsafeBufferPointer { groups in
            query.values.withUnsafeBufferPointer { values in
                var query = ck_query(
                    values: values.baseAddress,
                    groups: groups.baseAddress,
                    group_count: groups.count
                )
                ck_scan_sketch(
                    sketch.baseAddress,
                    scores.count,
                    layout.groups,
                    layout.width,
                    &query,
                    scores.baseAddress
                )
            }
        }
    }

    /// The places, ascending, whose values lie in a range; of a NaN none.
    public static func places(in values: [Float], _ range: Range<Float>) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: values.count) { places, initialised in
            guard let start = places.baseAddress else { return }
            initialised = ck_between(
                values,
                values.count,
                range.lowerBound,
                range.upperBound,
                start
            )
        }
    }

    /// Numbers in binary16, rounded to nearest.
    public static func halves(_ values: [Float]) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: values.count) { halves, initialised in
            ck_halve(values, values.count, halves.baseAddress)
            initialised = values.count
        }
    }

    /// Numbers out of binary16.
    public static func floats(_ halves: UnsafeBufferPointer<UInt16>) -> [Float] {
        [Float](unsafeUninitializedCapacity: halves.count) { floats, initialised in
            ck_widen(halves.baseAddress, halves.count, floats.baseAddress)
            initialised = halves.count
        }
    }

    private static func withC(
        _ rows: UnsafeBufferPointer<UInt16>,
        _ layout: DescriptorLayout,
        _ query: DescriptorQuery,
        _ body: (UnsafePointer<ck_descriptors>, UnsafePointer<ck_query>) -> Void
    ) {
        precondition(query.values.count == layout.count, "the query has another layout")
        var of = ck_descriptors(
            rows: rows.baseAddress,
            count: rows.count / layout.count,
            groups: layout.groups,
            width: layout.width
        )
        query.groups.withUnsafeBufferPointer { groups in
            query.values.withUnsafeBufferPointer { values in
                var query = ck_query(
                    values: values.baseAddress,
                    groups: groups.baseAddress,
                    group_count: groups.count
                )
                body(&of, &query)
            }
        }
    }
}

/// What descriptors are compared with.
public struct DescriptorQuery: Sendable {
    /// Numbers as in a descriptor, each group times its share; 0 in groups that do not count.
    public let values: [Float]
    /// The groups that count, ascending.
    public let groups: [UInt32]

    /// Weighs the groups of a descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: Groups of length 1, or 0 where there is nothing: `[groups * width]`.
    ///   - layout: How it lies.
    ///   - weights: Of each group, 0 or more; scores are means of the groups' cosines with these weights.
    public init(_ descriptor: [Float], _ layout: DescriptorLayout, weights: [Float]) {
        precondition(
            descriptor.count == layout.count && weights.count == layout.groups,
            "descriptor, layout and weights do not fit"
        )
        let total = weights.reduce(0, +)
        var values = [Float](repeating: 0, count: layout.count)
        var groups: [UInt32] = []
        for (group, weight) in weights.enumerated() where weight > 0 {
            groups.append(UInt32(group))
            for index in group * layout.width..<(group + 1) * layout.width {
                values[index] = descriptor[index] * (weight / total)
            }
        }
        (self.values, self.groups) = (values, groups)
    }
}
