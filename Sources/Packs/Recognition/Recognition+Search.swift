internal import Models
internal import Tensors

extension Recognition {
    /// Far beyond every network; two such extents multiply without overflow.
    private static let extentLimit = 1 << 30

    /// Looks for networks by their tensors' names and shapes, under any prefix.
    ///
    /// - Parameter file: The opened checkpoint.
    /// - Throws: `CheckpointError` if a tensor has an impossible extent.
    public init(of file: CheckpointFile) throws {
        let archive = file.tensors
        for name in archive.names {
            let shape = archive.layout(name)?.shape ?? []
            guard shape.allSatisfy({ $0 <= Self.extentLimit }) else {
                throw CheckpointError(file.path, "tensor \(name) has the impossible shape \(shape)")
            }
        }
        let options = CheckpointOptions(file)
        let names = Set(archive.names)
        var found: [NetworkKind: [String]] = [:]
        var remarks: [String] = []
        for marker in NetworkMarker.all {
            for prefix in archive.names.compactMap(marker.prefix) {
                let lacking = marker.companions.filter { !names.contains(prefix + $0) }
                if lacking.isEmpty {
                    found[marker.kind, default: []].append(prefix)
                } else {
                    remarks.append(
                        "\(prefix)\(marker.tensor) looks like \(marker.kind.title), but "
                            + "\(prefix)\(lacking[0]) is not there"
                    )
                }
            }
        }
        for (tensor, title) in NetworkMarker.strangers {
            guard let name = archive.names.first(where: { $0.hasSuffix(tensor) }) else { continue }
            remarks.append("\(name) belongs to \(title)")
        }
        self.file = file
        self.remarks = remarks
        videoLength = options.videoLength
        networks = NetworkKind.allCases.flatMap { kind in
            (found[kind] ?? [])
                .sorted { Self.order($0) < Self.order($1) }
                .enumerated()
                .map { Self.network(kind, $1, isPreferred: $0 == 0, file, options) }
        }
    }

    /// Averaged weights first, then short prefixes.
    private static func order(_ prefix: String) -> (Int, Int, String) {
        (NetworkMarker.rank(of: prefix), prefix.utf8.count, prefix)
    }

    private static func network(
        _ kind: NetworkKind,
        _ prefix: String,
        isPreferred: Bool,
        _ file: CheckpointFile,
        _ options: CheckpointOptions
    ) -> RecognizedNetwork {
        var (summary, problem) = ("", Self.problem(kind, options))
        var known = ConfigTree.object([:])
        var config: NetworkConfig?
        do {
            let inferred = try NetworkConfig(kind, Weights(file.tensors, prefix: prefix))
            known = try inferred.tree(kind).overlaid(by: options.tree(kind, prefix: prefix))
            summary = inferred.summary
            config = inferred
        } catch {
            problem = "its sizes cannot be read off its tensors: \(error)"
        }
        let average = config.flatMap {
            latentAverage($0, prefix: prefix, file.tensors, options)
        }
        return RecognizedNetwork(
            kind: kind,
            prefix: prefix,
            summary: problem ?? summary,
            problem: problem,
            isPreferred: isPreferred,
            known: known,
            requiredTensors: config?.requiredTensors ?? [],
            latentAverage: average
        )
    }

    private static func problem(_ kind: NetworkKind, _ options: CheckpointOptions) -> String? {
        switch kind {
        case .encoder: options.encoderProblem
        case .clip: options.clipProblem
        case .generator, .dynamics, .dino: nil
        }
    }

    /// The mean code beside the network or above it: `[L, D]` for an encoder, one vector too for a generator.
    private static func latentAverage(
        _ config: NetworkConfig,
        prefix: String,
        _ archive: any TensorArchive,
        _ options: CheckpointOptions
    ) -> String? {
        let shapes: [[Int]]
        switch config {
        case .encoder(let config):
            if options.startsFromLatentAverage == false { return nil }
            shapes = [[config.styleCount, config.styleDim]]
        case .generator(let config) where config.layout == .rosinality:
            let width = config.styleDim
            shapes = [[width], [1, width], [config.layerCount, width]]
        default: return nil
        }
        var parts = prefix.split(separator: ".").map(String.init)
        while true {
            let name = (parts + ["latent_avg"]).joined(separator: ".")
            if let found = archive.layout(name)?.shape, shapes.contains(found) { return name }
            if parts.popLast() == nil { return nil }
        }
    }
}
