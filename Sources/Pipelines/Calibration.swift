internal import Foundation
internal import Kernels
internal import Models
public import Packs
public import Store
internal import Tensors

/// How near a pack's generator comes to the clips of a library, and what it was told about that.
public struct Calibration: Codable, Sendable, Hashable {
    /// A clip and its reconstruction distance.
    public struct Measured: Codable, Sendable, Hashable {
        /// The clip.
        let id: ClipID
        /// The clip's name.
        public let name: String
        /// Its distance, as `PackManifest.Reconstruction` has it.
        public let distance: Double
    }

    /// The fewest clips that a median may stand on.
    public static let smallestCount = 5

    /// The pack's name.
    public let pack: String
    /// What was written into `pack.json`.
    public let reconstruction: PackManifest.Reconstruction
    /// How many clips were counted.
    public let clips: Int
    /// The distance that nine of ten clips stay below.
    public let ninetieth: Double
    /// The PSNR of pictures multiplied in bfloat16 against float32, dB; nil if this processor does not.
    public let bfloat16PSNR: Double?
    /// Clips of the library beyond the limit, the furthest first.
    public let doubtful: [Measured]
    /// Clips that carry no distance: an older vsdb ingested them.
    public let unmeasured: Int
}

extension PackManifest.Reconstruction {
    /// The median of aligned clips, and a limit with room above it.
    ///
    /// On the sample domain clips reach 1.4 medians; the mildest changes that are to be found, a shift by
    /// 1/32 of the width or a scale of 0.7, begin at 1.7. Where a domain's own clips spread more, the limit
    /// follows their ninetieth percentile.
    ///
    /// - Parameter distances: At least one distance, in rising order.
    init(of distances: [Double]) {
        let limit = max(1.6 * Self.quantile(distances, 0.5), 1.2 * Self.quantile(distances, 0.9))
        func rounded(_ value: Double) -> Double { max(0.001, (value * 1000).rounded() / 1000) }
        self.init(median: rounded(Self.quantile(distances, 0.5)), limit: rounded(limit))
    }

    /// The value that a share of them stays at or below, between neighbours.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}

extension Session {
    /// Measures a pack's own reconstruction distance on clips of the library.
    ///
    /// It is written into the `pack.json` of the library's copy. The pack's fingerprint and all assets stay as they are.
    ///
    /// - Parameters:
    ///   - reference: The pack's name or the beginning of its fingerprint; nil for the default.
    ///   - tags: Only clips with all of these count; they must be framed as the pack was trained.
    /// - Returns: What was measured and written.
    /// - Throws: `RequestError` for too few clips, `StoreError`, `PackError`, or an error of Foundation if
    ///   `pack.json` cannot be written.
    public func calibrate(_ reference: String?, tags: [String] = []) throws -> Calibration {
        let pack = try pack(reference)
        var filter = ClipFilter()
        filter.packFingerprint = pack.pack.fingerprint
        filter.tags = tags
        let (measured, unmeasured) = try distances(of: try library.clips(filter))
        guard measured.count >= Calibration.smallestCount else {
            throw RequestError(
                "pack \"\(pack.manifest.name)\": \(measured.count) \(measured.count == 1 ? "clip" : "clips") "
                    + "with a reconstruction distance \(measured.count == 1 ? "is" : "are") too few to measure by; ingest at least \(Calibration.smallestCount) that are "
                    + "framed as the pack was trained"
                    + (unmeasured == 0 ? "" : " (\(unmeasured) are of an older vsdb: ingest anew)")
            )
        }
        let distances = measured.map(\.distance).sorted()
        let own = PackManifest.Reconstruction(of: distances)
        let psnr = try bfloat16PSNR(pack, measured)
        try replace(try pack.pack.calibrated(own, bfloat16PSNR: psnr))
        return Calibration(
            pack: try packName(pack.pack.fingerprint),
            reconstruction: own,
            clips: measured.count,
            ninetieth: PackManifest.Reconstruction.quantile(distances, 0.9),
            bfloat16PSNR: psnr,
            doubtful: measured.filter { $0.distance > own.limit }.sorted {
                $0.distance > $1.distance
            },
            unmeasured: unmeasured
        )
    }

    /// The PSNR of pictures in bfloat16 over some clips' content; nil on a processor without it.
    private func bfloat16PSNR(
        _ pack: LoadedPack,
        _ clips: [Calibration.Measured]
    ) throws -> Double? {
        guard Precision.bfloat16.isNative else { return nil }
        let generator = try pack.generator()
        let pictures = 8
        var (squares, count) = (0.0, 0)
        for clip in clips.prefix(pictures) {
            guard let content = try library.tensor(of: clip.id, .content)?.float else { continue }
            let codes = content.reshaped([1] + content.shape)
            let exact = generator.synthesize(codes)
            let near = generator.synthesize(codes, options: SynthesisOptions(precision: .bfloat16))
            for (a, b) in zip(exact.scalars, near.scalars) { squares += Double((a - b) * (a - b)) }
            count += exact.count
        }
        // Values are -1...1. Equal pictures would have no PSNR; no file states more than 200 dB.
        let ratio = 4 * Double(count) / max(squares, 4e-20 * Double(count))
        return (100 * log10(ratio)).rounded() / 10
    }

    /// The distances that clips carry, samples left out, and how many carry none.
    private func distances(of clips: [Clip]) throws -> ([Calibration.Measured], Int) {
        var measured: [Calibration.Measured] = []
        var unmeasured = 0
        for clip in clips {
            let content = try library.assets(of: clip.id).first { $0.kind == .content }
            let facts = ContentFacts(content)
            if facts.isSample { continue }
            if let distance = facts.reconstruction {
                measured.append(
                    Calibration.Measured(id: clip.id, name: clip.name, distance: distance)
                )
            } else {
                unmeasured += 1
            }
        }
        return (measured, unmeasured)
    }
}

/// What the provenance of a content code says about it.
public struct ContentFacts: Sendable {
    /// How far the generator's pictures of its frames are from them; nil if it was not measured.
    public let reconstruction: Double?
    /// Whether it was drawn from the mapping network.
    public let isSample: Bool

    private struct Document: Decodable {
        let reconstruction: Double?
        let sample: Sample?

        struct Sample: Decodable {}
    }

    /// Reads the provenance of an asset; nothing is known of none.
    public init(_ content: Asset?) {
        let data = Data((content?.provenanceJSON ?? "{}").utf8)
        let document = try? JSONDecoder().decode(Document.self, from: data)
        reconstruction = document?.reconstruction
        isSample = document?.sample != nil
    }
}
