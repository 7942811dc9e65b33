internal import Foundation

/// Which network of which file goes into a pack.
struct SourceChoice {
    private(set) var chosen: [NetworkKind: (Recognition, RecognizedNetwork)] = [:]
    /// Every network that is in a file and was not chosen.
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
        try choose(request, opened)
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

    /// A file given for a network wins, then the one positional file that has it, then what other options bring.
    private mutating func choose(
        _ request: PackRequest,
        _ opened: [String: Recognition]
    ) throws {
        for kind in NetworkKind.allCases where !request.omitted.contains(kind) {
            func has(_ path: String) -> Bool { opened[path]?.network(kind) != nil }
            let positional = request.sources.prefix(request.checkpoints.count).map(\.path)
                .filter(has)
            let brought = request.sources.dropFirst(request.checkpoints.count)
                .filter { $0.kinds.contains(kind) && has($0.path) }.map(\.path)
            let own = request.files[kind]
            if own == nil, let twin = positional.first(where: { $0 != positional[0] }) {
                throw PackError(
                    .badRequest,
                    "\(kind.title) is in \"\(positional[0])\" and in \"\(twin)\"; name the one to "
                        + "take with --\(kind.rawValue) F"
                )
            }
            guard let path = own ?? positional.first ?? brought.first,
                let recognition = opened[path], let network = recognition.network(kind)
            else {
                noteRest(of: kind, "the file was given for another network")
                continue
            }
            chosen[kind] = (recognition, network)
            noteRest(of: kind, "took \(Self.place(network, recognition))")
        }
    }

    /// Says of every network of a kind that is in a file and was not chosen.
    private mutating func noteRest(of kind: NetworkKind, _ reason: String) {
        for file in files {
            for network in file.networks where network.kind == kind {
                if let (taken, choice) = chosen[kind], taken.file.path == file.file.path,
                    choice.prefix == network.prefix
                {
                    continue
                }
                let isSameFile = chosen[kind]?.0.file.path == file.file.path
                let remedy = isSameFile ? "" : " (--\(kind.rawValue) F decides)"
                notes.append(
                    "\(kind.rawValue) not taken: \(Self.place(network, file)); \(reason)\(remedy)"
                )
            }
        }
    }

    /// Where a network lies: `g_ema.* of "g.pt"`.
    private static func place(_ network: RecognizedNetwork, _ file: Recognition) -> String {
        "\(network.prefix)* of \"\(file.file.path)\""
    }
}
