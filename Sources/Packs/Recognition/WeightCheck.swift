internal import Tensors

/// A comparison of a network's tensors with those that it needs: everything that is wrong, not the first.
public struct WeightCheck: Sendable {
    /// One tensor that is not as it must be.
    public struct Finding: Sendable, Hashable, Codable {
        /// The rule that it breaks.
        public enum Rule: String, Sendable, Codable {
            /// The file has no tensor of the name.
            case missing
            /// It has another shape.
            case shape
            /// It holds other numbers than those that are supported.
            case values
            /// It holds NaN or infinity.
            case notFinite
        }

        /// The tensor's full name.
        public let tensor: String
        /// What is wrong.
        public let rule: Rule
        /// The shape that the file has; nil if it has none.
        public let found: [Int]?
        /// The shape that is needed; -1 stands for any extent.
        public let expected: [Int]

        /// Writes every key, `found` as null if the file has no such tensor.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(tensor, forKey: .tensor)
            try container.encode(rule, forKey: .rule)
            // Not encodeIfPresent: a script may rely on the key.
            try container.encode(found, forKey: .found)
            try container.encode(expected, forKey: .expected)
        }

        /// The finding in words.
        public var text: String {
            switch rule {
            case .missing: "tensor \(tensor) is missing, expected with shape \(expected)"
            case .shape: "tensor \(tensor) is \(found ?? []), expected \(expected)"
            case .values: "tensor \(tensor) is another filter than [1, 3, 3, 1] x [1, 3, 3, 1]"
            case .notFinite: "tensor \(tensor) holds NaN or infinity"
            }
        }
    }

    /// What is wrong, in the order of the network.
    public let findings: [Finding]
    /// Tensors under the network's prefix that neither it nor another network reads, but for buffers
    /// that every such file has and that are made anew.
    public let unused: [String]
    /// How many tensors were compared.
    public let tensorCount: Int

    /// Compares a network of a file with its needs.
    ///
    /// - Parameters:
    ///   - network: One of the recognition's networks.
    ///   - recognition: The file and all its networks.
    ///   - readsValues: Whether every number is looked at, to find NaN and infinity.
    public init(
        _ network: RecognizedNetwork,
        in recognition: Recognition,
        readsValues: Bool = true
    ) {
        let archive = recognition.file.tensors
        self.init(network, network.requiredTensors, archive, readsValues: readsValues) {
            Set(recognition.networks.flatMap { $0.tensorNames(in: archive) })
        }
    }

    /// Compares with given needs; `others` names the tensors that are used by any network.
    init(
        _ network: RecognizedNetwork,
        _ needs: [TensorRequirement],
        _ archive: any TensorArchive,
        readsValues: Bool,
        used: () -> Set<String>
    ) {
        var findings: [Finding] = []
        for need in needs {
            let name = network.name(of: need, in: archive) ?? network.prefix + need.name
            guard let tensor = archive.layout(name) else {
                if !need.isOptional {
                    findings.append(
                        Finding(tensor: name, rule: .missing, found: nil, expected: need.shape)
                    )
                }
                continue
            }
            let rule = Self.brokenRule(need, tensor.shape, name, archive, readsValues: readsValues)
            if let rule {
                findings.append(
                    Finding(tensor: name, rule: rule, found: tensor.shape, expected: need.shape)
                )
            }
        }
        self.findings = findings
        tensorCount = needs.count
        let used = used()
        unused = archive.names.filter {
            $0.hasPrefix(network.prefix) && !used.contains($0) && !KnownBuffers.contains($0)
        }
    }

    private static func brokenRule(
        _ need: TensorRequirement,
        _ shape: [Int],
        _ name: String,
        _ archive: any TensorArchive,
        readsValues: Bool
    ) -> Finding.Rule? {
        guard need.fits(shape) else { return .shape }
        guard readsValues || need.values != nil else { return nil }
        guard let tensor = archive.raw(name), tensor.isFinite else { return .notFinite }
        return need.values == nil || need.fits(tensor.float) ? nil : .values
    }
}
