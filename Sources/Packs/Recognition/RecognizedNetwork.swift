internal import Models
public import Tensors

/// A network that was found in a checkpoint.
public struct RecognizedNetwork: Sendable {
    /// Which network it is.
    public let kind: NetworkKind
    /// What stands before its tensors' names, dot included.
    public let prefix: String
    /// The network in a few words, or why it cannot be used.
    public let summary: String
    /// Why it cannot be used; nil if it can.
    public let problem: String?
    /// Whether it is the one that is taken of several of its kind in the file.
    public let isPreferred: Bool
    /// What tensors and the file's options tell, keys as below the network in `pack.json`.
    public let known: ConfigTree
    /// Every tensor that it reads, without the prefix.
    public let requiredTensors: [TensorRequirement]
    /// The tensor of the mean code that belongs to it, full name; nil for none.
    public let latentAverage: String?

    /// The full name of the tensor that answers a need, or nil if the file has none.
    func name(of need: TensorRequirement, in archive: any TensorArchive) -> String? {
        [need.name, need.otherName].compactMap { $0 }.map { prefix + $0 }
            .first { archive.layout($0) != nil }
    }

    /// The full names of all its tensors that the file has.
    public func tensorNames(in archive: any TensorArchive) -> [String] {
        requiredTensors.compactMap { name(of: $0, in: archive) } + [latentAverage].compactMap { $0 }
    }
}

/// The networks of a checkpoint.
public struct Recognition: Sendable {
    /// The checkpoint.
    public let file: CheckpointFile
    /// What was found, kinds in their order, preferred ones first.
    public let networks: [RecognizedNetwork]
    /// What looks like a network and is none that is known.
    public let remarks: [String]
    /// How many frames one unit of t is, if the file says it.
    public let videoLength: Int?

    /// The network of a kind that is taken from the file, or nil.
    public func network(_ kind: NetworkKind) -> RecognizedNetwork? {
        networks.first { $0.kind == kind && $0.isPreferred }
    }

    /// Defaults of what a network's tensors do not tell, and the keys that must be stated.
    public func completion(
        of network: RecognizedNetwork
    ) -> (assumed: ConfigTree, open: [OpenKey]) {
        guard network.problem == nil else { return (.object([:]), []) }
        let generator = self.network(.generator)?.known["config"]?.decoded(as: StyleGAN2Config.self)
        return FieldDefaults.complete(network.kind, network.known, generator: generator)
    }

    /// What the file holds, in words, for a message.
    public var contents: String {
        let found = NetworkKind.allCases.filter { network($0) != nil }.map(\.title)
        return found.isEmpty
            ? "no network that vsdb knows (\(file.tensors.names.count.counted("tensor")))"
            : found.joined(separator: ", ")
    }
}
