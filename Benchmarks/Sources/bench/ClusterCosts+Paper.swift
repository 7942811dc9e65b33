import Foundation

extension ClusterCosts {
    /// Takes times and sizes of a pack of the published size instead of the sample pack's.
    ///
    /// `bench --full-size` ingests one clip of two seconds, which is mostly reading of networks: what they take to be read
    /// is setup, the rest is the clip. A bundle grows by the larger codes.
    ///
    /// - Throws: `BenchError` if full-size.json lacks a stage; an error of Foundation.
    mutating func becomePaperSized() throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let report = try decoder.decode(
            FullSizeReport.self,
            from: Data(contentsOf: URL(fileURLWithPath: FullSizeReport.file))
        )
        let own = report.stages.filter { $0.group == "square-authors" }
        func stage(_ name: String) throws -> Int {
            guard let index = own.firstIndex(where: { $0.name == name }) else {
                throw BenchError("\(FullSizeReport.file) has no \"\(name)\" of square-authors")
            }
            return index
        }
        // A network's reading stands below the process that did it.
        let reads = try Self.networks.reduce(0) { sum, network in
            let read = try stage("\(network) alone: whole process") + 1
            return sum + (read < own.count ? own[read].seconds : 0)
        }
        let clip = own[try stage("ingest, a clip of 2 s")].seconds - reads
        let setup = own[try stage("pack verify")].seconds + reads
        let growth = (bundleBytesPerClip + Self.largerBytes) / bundleBytesPerClip
        packBytes = own[try stage("pack create")].bytes ?? packBytes
        for index in tasks.indices {
            // Written like the sample pack's, only more of it.
            tasks[index].byteCount = Int(growth * Double(tasks[index].byteCount))
            tasks[index].seconds += (growth - 1) * tasks[index].publishSeconds
            tasks[index].publishSeconds *= growth
            tasks[index].seconds += setup - tasks[index].setupSeconds
            tasks[index].setupSeconds = setup
        }
        merges = merges.map {
            Merge(
                storedClips: $0.storedClips,
                bundleClips: $0.bundleClips,
                seconds: growth * $0.seconds
            )
        }
        scale(toEncodeSeconds: clip)
    }

    /// What an ingest reads.
    private static let networks = ["encoder", "clip", "dynamics-encoder", "ode-and-modulation"]

    /// Float32 codes of a clip beyond those of the sample pack: W+ [18, 512] for [12, 96], `z_d0` [256, 8, 8] for
    /// [64, 8, 8], and twice 512 numbers of CLIP for 128.
    private static let largerBytes = Double(4 * (18 * 512 - 12 * 96 + 192 * 64 + 2 * 384))
}
