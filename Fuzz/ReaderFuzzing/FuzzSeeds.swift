import CheckpointFixtures
package import Foundation
import Tensors

/// Files from which fuzzing starts.
package enum FuzzSeeds {
    /// Small files of every form that a reader takes.
    package static func built(for reader: FuzzedReader) -> [Data] {
        switch reader {
        case .safetensors: [shard]
        case .torchArchive:
            [
                unsummed.archive(torchMembers(pickle)), ZipBuilder().archive(torchMembers(pickle)),
                ZipBuilder(isZip64: true).archive(torchMembers(pickle)), bigEndian,
            ]
        case .torchPickle: [pickle, state]
        case .legacyTorch: [LegacyTorchBuilder().file(legacyValue), LegacyTorchBuilder.storage]
        case .pickle: [network]
        case .huggingFaceIndex: [Data(#"{"weight_map": {"a": "one.safetensors"}}"#.utf8)]
        }
    }

    /// All files from which fuzzing starts: sound ones, then attacks.
    package static func all(for reader: FuzzedReader) -> [Data] {
        built(for: reader) + attacks(for: reader)
    }

    /// Small files of the same forms that name what runs programs or code; every one is refused.
    package static func attacks(for reader: FuzzedReader) -> [Data] {
        switch reader {
        case .safetensors, .huggingFaceIndex: []
        case .torchArchive: attacks.map { unsummed.archive(torchMembers($0)) }
        case .torchPickle: attacks
        case .legacyTorch, .pickle:
            attacks.map { attack in
                var builder = LegacyTorchBuilder()
                builder.storages = []
                guard reader == .pickle else { return builder.file(attack) }
                var outer = PickleBuilder(protocol: 3)
                outer.loadFromBytes(builder.file(attack))
                return outer.ended
            }
        }
    }

    /// A call of a name, and a name made of texts that is not called.
    private static let attacks = [
        PickleBuilder.dictionary("a") { pickle in
            pickle.global("posix", "system")
            pickle.string("false")
            pickle.raw([0x85])
            pickle.code("R")
        },
        PickleBuilder.dictionary("a", protocol: 4) { pickle in
            pickle.string("torch.serialization")
            pickle.string("os.system")
            pickle.raw([0x93])
        },
    ]

    /// A safetensors file of two tensors.
    static let shard: Data = {
        let tensors = ["a": RawTensor(Tensor<Float>(shape: [2, 2], scalars: [1, 2, 3, 4]))]
        do {
            return try SafetensorsFile.encode(tensors, metadata: ["made": "here"])
        } catch {
            preconditionFailure("a seed that cannot be made would test nothing: \(error)")
        }
    }()

    /// Checksums would hold back every change of a member.
    private static let unsummed = {
        var zip = ZipBuilder()
        zip.omitsChecksums = true
        return zip
    }()

    private static let bigEndian: Data = {
        var members = torchMembers(pickle)
        members[1].content = Data("big".utf8)
        return unsummed.archive(members)
    }()

    /// A transposed tensor.
    private static let pickle = PickleBuilder.dictionary("a") {
        $0.tensor(count: 12, offset: 1, sizes: [2, 3], strides: [1, 3])
    }

    /// A parameter, an object with attributes, numbers, texts and a memo.
    private static let state = PickleBuilder.dictionary("net", protocol: 4) { pickle in
        pickle.code("(")
        pickle.global("torch._utils", "_rebuild_parameter")
        pickle.code("(")
        pickle.tensor(count: 12, sizes: [12], strides: [1])
        pickle.raw([0x88, 0x89])
        pickle.code("t")
        pickle.code("R")
        pickle.raw([0x94])
        pickle.global("argparse", "Namespace")
        pickle.code(")")
        pickle.raw([0x81])
        pickle.code("}")
        pickle.string("lr")
        pickle.raw([UInt8(ascii: "G")] + [UInt8](repeating: 0x3F, count: 8))
        pickle.code("s")
        pickle.code("b")
        pickle.raw([UInt8(ascii: "h"), 0, UInt8(ascii: "K"), 7, UInt8(ascii: "M"), 1, 2])
        pickle.code("t")
    }

    private static let legacyValue = PickleBuilder.dictionary("a") {
        $0.tensor(sizes: [2], strides: [3]) { $0.storage(count: 12, view: ("v", 2, 8)) }
    }

    private static let network = PickleBuilder.dictionary("G_ema", protocol: 3) { pickle in
        pickle.persistent("Generator") { pickle in
            pickle.code("}")
            pickle.string("_parameters")
            pickle.code("}")
            pickle.string("weight")
            pickle.nestedTensor(LegacyTorchBuilder.storage, sizes: [3, 4], strides: [1, 3])
            pickle.code("s")
            pickle.code("s")
        }
    }

    /// An archive without its checksums, as `torch.save` can be told to write it.
    ///
    /// - Parameter archive: A sound archive without a comment at its end.
    /// - Returns: The same with 0 for every checksum in its directory.
    package static func withoutChecksums(_ archive: Data) -> Data {
        var bytes = [UInt8](archive)
        let signature: [UInt8] = [0x50, 0x4B, 1, 2]
        var place = 0
        while place + 46 < bytes.count {
            // Only entries of the directory have the signature, or bytes of a tensor, which may be
            // anything.
            if bytes[place] == 0x50, bytes[place..<place + 4].elementsEqual(signature) {
                bytes.replaceSubrange(place + 16..<place + 20, with: [0, 0, 0, 0])
                place += 46
            } else {
                place += 1
            }
        }
        return Data(bytes)
    }
}
