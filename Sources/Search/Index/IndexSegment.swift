internal import Foundation
internal import Hashing
package import Kernels
internal import Tensors

/// Which part of which asset a row describes.
public struct IndexEntry: Sendable, Hashable {
    /// The number of the asset in its library.
    public let asset: Int64
    /// Where the part begins, in milliseconds from the start of the clip.
    public let start: Int32

    /// Names a part of an asset.
    public init(asset: Int64, start: Int32 = 0) { (self.asset, self.start) = (asset, start) }
}

/// A run of rows: their entries, descriptors and sketches, mapped from files or in memory.
///
/// An entry is 16 bytes, little-endian: asset int64, start int32, and the low half of the xxh3-64 of the row. Rows are
/// binary16 numbers, sketches blocks of 64 rows (`DescriptorKernel`).
package struct IndexSegment: Sendable {
    static let entryBytes = 16
    static let names = (entries: "entries", rows: "rows", sketch: "sketch")

    package let count: Int
    let layout: DescriptorLayout
    private let entries: Data
    private let rows: Data
    private let sketch: Data

    /// Maps the first rows of a segment's files.
    ///
    /// - Returns: Nil if files are missing or too short.
    /// - Throws: `SearchError`, `.failed`, if they cannot be read now, sound or not.
    init?(
        folder: String,
        number: Int,
        count: Int,
        layout: DescriptorLayout
    ) throws(SearchError) {
        func part(_ name: String, _ bytes: Int) throws(SearchError) -> Data? {
            let path = Self.path(folder, number, name)
            let file: FileBytes
            do { file = try FileBytes(path: path) } catch {
                guard error.kind == .failed else { return nil }
                throw .unreadable(path, error.description)
            }
            guard file.count >= bytes else { return nil }
            guard let part = file.part(0..<bytes) else {
                throw .unreadable(path, "its bytes could not be had")
            }
            return part
        }
        guard let entries = try part(Self.names.entries, count * Self.entryBytes),
            let rows = try part(Self.names.rows, count * layout.byteCount),
            let sketch = try part(
                Self.names.sketch,
                DescriptorKernel.sketchByteCount(rows: count, layout)
            )
        else { return nil }
        (self.count, self.layout) = (count, layout)
        (self.entries, self.rows, self.sketch) = (entries, rows, sketch)
    }

    /// Describes rows in memory.
    package init(_ rows: [IndexRow], layout: DescriptorLayout) {
        count = rows.count
        self.layout = layout
        let encoded = EncodedRows(rows, layout: layout)
        (entries, self.rows) = (encoded.entries, encoded.rows)
        var sketch = Data(count: DescriptorKernel.sketchByteCount(rows: rows.count, layout))
        sketch.withUnsafeMutableBytes { sketch in
            encoded.rows.withUnsafeBytes { rows in
                DescriptorKernel.sketch(
                    rows.bindMemory(to: UInt16.self),
                    0..<encoded.count,
                    layout,
                    into: sketch.bindMemory(to: UInt8.self)
                )
            }
        }
        self.sketch = sketch
    }

    static func path(_ folder: String, _ number: Int, _ name: String) -> String {
        "\(folder)/\(number).\(name)"
    }

    /// What a row describes.
    func entry(_ row: Int) -> IndexEntry { entries.withUnsafeBytes { Self.entry($0, row) } }

    /// What all rows describe.
    func forEachEntry(_ body: (Int, IndexEntry) -> Void) {
        entries.withUnsafeBytes { bytes in
            for row in 0..<count { body(row, Self.entry(bytes, row)) }
        }
    }

    private static func entry(_ bytes: UnsafeRawBufferPointer, _ row: Int) -> IndexEntry {
        let place = row * entryBytes
        return IndexEntry(
            asset: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int64.self)),
            start: Int32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: place + 8, as: Int32.self)
            )
        )
    }

    /// Whether a row is what was written.
    func isWhole(_ row: Int) -> Bool {
        let written = entries.withUnsafeBytes { bytes in
            UInt32(
                littleEndian: bytes.loadUnaligned(
                    fromByteOffset: row * Self.entryBytes + 12,
                    as: UInt32.self
                )
            )
        }
        return rows.withUnsafeBytes { bytes in
            let size = layout.byteCount
            let row = UnsafeRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size])
            return EncodedRows.checksum(row) == written
        }
    }

    /// The sum over full blocks; a block counts by its place, so that none stands for another one.
    ///
    /// - Parameters:
    ///   - blocks: Which of this segment.
    ///   - first: The place of the segment's first block among those of all segments.
    /// - Returns: The sum.
    func sum(ofBlocks blocks: Range<Int>, first: Int) -> UInt64 {
        let block = DescriptorKernel.sketchRows
        return entries.withUnsafeBytes { entries in
            sketch.withUnsafeBytes { sketch in
                blocks.reduce(0) { sum, number in
                    sum
                        &+ Self.sum(
                            entries: entries.part(number, block * Self.entryBytes),
                            sketch: sketch.part(number, block * layout.sketchByteCount),
                            place: first + number
                        )
                }
            }
        }
    }

    static func sum(
        entries: UnsafeRawBufferPointer,
        sketch: UnsafeRawBufferPointer,
        place: Int
    ) -> UInt64 {
        (xxh3(entries) &+ 3 &* xxh3(sketch)) &* UInt64(2 * place + 1)
    }

    /// The hash of the entries behind the last full block.
    var tailSum: UInt64 {
        let first = count / DescriptorKernel.sketchRows * DescriptorKernel.sketchRows
        return entries.withUnsafeBytes { bytes in
            xxh3(UnsafeRawBufferPointer(rebasing: bytes[(first * Self.entryBytes)...]))
        }
    }

    /// The rows of a block whose sketches are not those of their numbers.
    func rowsOfOtherSketches(block: Int) -> [Int] {
        let size = layout.sketchByteCount
        let side = DescriptorKernel.sketchRows
        let block = (first: block * side, end: min(count, (block + 1) * side))
        let range = block.first * layout.count..<block.end * layout.count
        return withRows { rows in
            var own = [UInt8](repeating: 0, count: size * side)
            own.withUnsafeMutableBufferPointer { own in
                DescriptorKernel.sketch(
                    UnsafeBufferPointer(rebasing: rows[range]),
                    0..<block.end - block.first,
                    layout,
                    into: own
                )
            }
            return withSketch { sketch in
                (block.first..<block.end).filter { row in
                    // Behind the counted rows of the last block a writer may be adding others.
                    (0..<size).contains { byte in
                        let place = byte * side + row - block.first
                        return sketch[block.first * size + place] != own[place]
                    }
                }
            }
        }
    }

    /// The descriptor of a row.
    func descriptor(_ row: Int) -> [Float] {
        withRows { rows in
            DescriptorKernel.floats(
                UnsafeBufferPointer(rebasing: rows[row * layout.count..<(row + 1) * layout.count])
            )
        }
    }

    /// The exact scores of some rows, in their order.
    func scores(of rows: [UInt32], _ query: DescriptorQuery) -> [Float] {
        withRows { DescriptorKernel.scan($0, at: rows, layout, query) }
    }

    /// Lends all rows.
    func withRows<Result>(_ body: (UnsafeBufferPointer<UInt16>) -> Result) -> Result {
        rows.withUnsafeBytes { body($0.bindMemory(to: UInt16.self)) }
    }

    /// Lends the sketches.
    package func withSketch<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        sketch.withUnsafeBytes { body($0.bindMemory(to: UInt8.self)) }
    }
}

extension UnsafeRawBufferPointer {
    /// One of parts of equal size.
    func part(_ number: Int, _ size: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[number * size..<(number + 1) * size])
    }
}

/// A row to be added.
public struct IndexRow: Sendable {
    /// What it describes.
    public let entry: IndexEntry
    /// The descriptor, `[groups * width]`, each group of length 1, or 0.
    public let descriptor: [Float]

    /// Describes a part of an asset.
    public init(_ entry: IndexEntry, _ descriptor: [Float]) {
        (self.entry, self.descriptor) = (entry, descriptor)
    }
}

/// The bytes of rows and of their entries.
struct EncodedRows {
    let count: Int
    private(set) var entries: Data
    private(set) var rows: Data

    init(_ rows: [IndexRow], layout: DescriptorLayout) {
        count = rows.count
        entries = Data(capacity: rows.count * IndexSegment.entryBytes)
        self.rows = Data(capacity: rows.count * layout.byteCount)
        for row in rows {
            precondition(row.descriptor.count == layout.count, "a descriptor of another layout")
            let halves: [UInt16] = DescriptorKernel.halves(row.descriptor).map(\.littleEndian)
            let checksum = halves.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> UInt32 in
                self.rows.append(contentsOf: bytes)
                return Self.checksum(bytes)
            }
            append(row.entry.asset.littleEndian)
            append(row.entry.start.littleEndian)
            append(checksum.littleEndian)
        }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafePointer(to: number) { pointer in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: number.bitWidth / 8)
            entries.append(contentsOf: bytes)
        }
    }

    static func checksum(_ row: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: xxh3(row))
    }
}
