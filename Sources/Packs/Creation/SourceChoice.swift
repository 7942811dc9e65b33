internal import Foundation

/// Which network of which file goes into a pack.
struct SourceChoice {
    private(set) var chosen: [NetworkKind: (Recognition, RecognizedNetwork)] = [:]
    /// What was chosen where there was a choice.
    private(set) var notes: [String] = []
    /// All files, each once, in the order in which they were named.
    private(set) var files: [Recognition] = []

    init(_ request: PackRequest) throws {
        var opened: [String: Recognition] = [:]
        for (path, kinds) in request.sources {
            let recognition: Recognition
            if let known = opened[path] {
                recognition = known
            } else {
                guard FileManager.default.fileExists(atPath: path) else {
                    throw PackError(.notFound, "checkpoint \"\(path)\": there is no such file")
                }
                recognition = try Recognition(of: Checkpoint.read(path: path))
                opened[path] = recognition
                files.append(recognition)
            }
            let wanted = request.files.filter { $0.value == path }.map(\.key)
            try require(wanted, of: recognition, kinds, path)
            if wanted.isEmpty,
                !NetworkKind.allCases.contains(where: {
                    recognition.network($0) != nil
                })
            {
                throw Self.nothing(in: recognition, path)
            }
        }
        choose(request, opened)
        guard chosen[.generator] != nil else {
            throw PackError(
                .missingNetwork,
                "pack \"\(request.name)\": no file has a generator, and a pack needs one; add "
                    + "--generator F (StyleGAN2), --encoder F of a pSp file with its decoder, or a "
                    + "VidStyleODE checkpoint"
            )
        }
        for kind in NetworkKind.allCases {
            guard let (recognition, network) = chosen[kind], let problem = network.problem else {
                continue
            }
            throw PackError(
                .weightsMismatch,
                "checkpoint \"\(recognition.file.path)\": \(network.prefix)* looks like "
                    + "\(kind.title), but \(problem)"
            )
        }
    }

    /// Refuses a file that lacks what it was given for, and says what it has.
    private func require(
        _ wanted: [NetworkKind],
        of recognition: Recognition,
        _ kinds: Set<NetworkKind>,
        _ path: String
    ) throws {
        for kind in wanted.sorted(by: { $0.rawValue < $1.rawValue })
        where kinds.contains(kind) && recognition.network(kind) == nil {
            let remark = recognition.remarks.first.map { "; \($0)" } ?? ""
            throw PackError(
                .weightsMismatch,
                "checkpoint \"\(path)\", given as --\(kind.rawValue): it holds "
                    + "\(recognition.contents), not \(kind.title)\(remark)"
            )
        }
    }

    private static func nothing(in recognition: Recognition, _ path: String) -> PackError {
        let remark = recognition.remarks.first.map { "; \($0)" } ?? ""
        return PackError(
            .weightsMismatch,
            "checkpoint \"\(path)\": it holds \(recognition.contents)\(remark); see "
                + "vsdb weights inspect"
        )
    }

    /// A file given for a network wins, then the files in their order.
    private mutating func choose(_ request: PackRequest, _ opened: [String: Recognition]) {
        for kind in NetworkKind.allCases where !request.omitted.contains(kind) {
            let own = request.files[kind].map { [$0] } ?? []
            let others = request.sources.filter { $0.kinds.contains(kind) }.map(\.path)
            for path in own + others {
                guard let recognition = opened[path], let network = recognition.network(kind)
                else { continue }
                chosen[kind] = (recognition, network)
                let rest = recognition.networks.filter { $0.kind == kind && !$0.isPreferred }
                if !rest.isEmpty {
                    let prefixes = rest.map { "\($0.prefix)*" }.joined(separator: ", ")
                    notes.append(
                        "\(kind.rawValue): took \(network.prefix)* of \"\(path)\", not \(prefixes)"
                    )
                }
                break
            }
        }
    }
}
