internal import Foundation
public import Kernels

/// What an index holds, so that none is read as another one.
public struct IndexIdentity: Sendable, Hashable, Codable {
    /// The library that it was made from.
    public let library: String
    /// The fingerprint of the weights that made the descriptors.
    public let pack: String
    /// What was described, and how: `motion-1`.
    public let descriptor: String
    /// How the numbers of one descriptor lie.
    public let layout: DescriptorLayout

    /// Names an index.
    public init(library: String, pack: String, descriptor: String, layout: DescriptorLayout) {
        (self.library, self.pack) = (library, pack)
        (self.descriptor, self.layout) = (descriptor, layout)
    }
}

/// Checksums of the entries and sketches of counted rows, kept up in constant time for each row.
///
/// Blocks of `DescriptorKernel.sketchRows` rows never change once they are full. Entries of the last one are hashed by
/// themselves; its sketches are compared with the rows, as a writer may be adding to them.
struct BlockSums: Codable, Equatable, Sendable {
    /// Over all full blocks.
    var full: UInt64 = 0
    /// Of the entries behind them.
    var tail: UInt64 = 0
}

/// `manifest.json` of an index: what of its files counts.
///
/// It is replaced as a whole after everything that it names has been written. What lies behind the counted rows is of a
/// writer that died, and is written over.
struct IndexManifest: Codable, Equatable {
    static let currentFormat = 2
    static let fileName = "manifest.json"

    /// The one key that manifests of all formats have.
    struct Format: Decodable {
        let format: Int
    }

    var format = IndexManifest.currentFormat
    var identity: IndexIdentity
    /// The folder with the files; a rebuilt index has another one.
    var generation: Int
    /// Rows of each segment but the last.
    var segmentRows: Int
    /// Rows in all segments.
    var count: Int
    /// The greatest number of an asset that was looked at; later ones are not in the index yet.
    var watermark: Int64
    /// Numbers of the rows that are none any more, ascending.
    var removed: [UInt32]
    /// Assets that were looked at and have no row, ascending: nothing of them can be compared.
    var rowless: [Int64] = []
    /// On how many clips the centre stands.
    var centreCount = 0
    /// What was taken from every clip: float32, little-endian.
    var centre = Data()
    /// What entries and sketches were when they were written.
    var sums = BlockSums()

    /// The folder name of a generation.
    static func folder(_ generation: Int) -> String { "generation-\(generation)" }

    /// Rows of a segment.
    func rows(ofSegment segment: Int) -> Int {
        min(segmentRows, count - segment * segmentRows)
    }

    /// How many segments there are.
    var segments: Int { (count + segmentRows - 1) / segmentRows }

    /// Whether the numbers can be those of an index.
    var isSound: Bool {
        format == Self.currentFormat && generation >= 0 && segmentRows > 0
            && segmentRows % DescriptorKernel.sketchRows == 0 && count >= 0
            && count < Int(UInt32.max)
            && zip(removed, removed.dropFirst()).allSatisfy { $0 < $1 }
            && removed.allSatisfy { Int($0) < count } && centre.count % 4 == 0 && centreCount >= 0
    }

    /// The centre as numbers.
    var descriptorCentre: DescriptorCentre {
        get {
            let numbers = centre.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { index in
                    Float(
                        bitPattern: UInt32(
                            littleEndian: bytes.loadUnaligned(
                                fromByteOffset: 4 * index,
                                as: UInt32.self
                            )
                        )
                    )
                }
            }
            return DescriptorCentre(count: centreCount, numbers: numbers)
        }
        set {
            centreCount = newValue.count
            centre = newValue.numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        }
    }
}
