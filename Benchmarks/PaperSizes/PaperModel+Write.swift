internal import CheckpointFixtures
internal import Compression
public import Foundation
internal import Packs
internal import Tensors

extension PaperModel {
    /// Writes the checkpoint tensor by tensor.
    ///
    /// - Parameter folder: Where; the file must not be there.
    /// - Returns: The file.
    /// - Throws: Errors of the disk.
    @discardableResult
    public func write(to folder: URL) throws -> URL {
        let file = folder.appendingPathComponent(fileName)
        let weights = try weights()
        if isTorchArchive {
            try Self.writeTorchArchive(weights, to: file.path)
        } else {
            let entries = weights.names.map {
                SafetensorsWriter.Entry(name: $0, source: $0, archive: weights)
            }
            _ = try SafetensorsWriter.write(entries, to: file.path) { _ in }
        }
        return file
    }

    /// A pickle of nested dictionaries and one member for each storage.
    private static func writeTorchArchive(_ weights: RandomWeights, to path: String) throws {
        var pickle = PickleBuilder()
        let storages = Dictionary(
            uniqueKeysWithValues: weights.names.enumerated().map { ($1, String($0)) }
        )
        let inner = weights.names.filter { $0.hasPrefix("state_dict.") }
        pickle.code("}")
        pickle.code("(")
        pickle.string("state_dict")
        pickle.code("}")
        pickle.code("(")
        for name in inner {
            pickle.string(String(name.dropFirst("state_dict.".count)))
            pickle.tensor(weights.layout(name), storages[name] ?? "")
        }
        pickle.code("u")
        for name in weights.names where !name.hasPrefix("state_dict.") {
            pickle.string(name)
            pickle.tensor(weights.layout(name), storages[name] ?? "")
        }
        pickle.code("u")
        let first = [("model/data.pkl", pickle.ended), ("model/version", Data("3\n".utf8))]
        let count = first.count + weights.names.count
        try ZipBuilder().write(memberCount: count, to: path) { index in
            if index < first.count { return checked(first[index].0, first[index].1) }
            let name = weights.names[index - first.count]
            return checked("model/data/\(storages[name] ?? "")", weights.raw(name)?.bytes ?? Data())
        }
    }

    private static func checked(_ name: String, _ content: Data) -> ZipBuilder.Member {
        var sum = CRC32()
        sum.add(content)
        var member = ZipBuilder.Member(name, content)
        member.checksum = sum.value
        return member
    }
}

extension PickleBuilder {
    /// A contiguous tensor over a storage of its own.
    fileprivate mutating func tensor(_ layout: TensorLayout?, _ storage: String) {
        guard let layout else { return }
        let shape = layout.shape
        let type =
            switch layout.dtype {
            case .float64: "DoubleStorage"
            case .float16: "HalfStorage"
            default: "FloatStorage"
            }
        var strides: [Int] = []
        var step = 1
        for extent in shape.reversed() {
            strides.insert(step, at: 0)
            step *= extent
        }
        tensor(storage: storage, type: type, count: step, sizes: shape, strides: strides)
    }
}
