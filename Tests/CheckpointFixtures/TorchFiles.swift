package import Foundation

/// Twelve floats 0...11, the storage of all files that are built here.
package let twelveFloats = Data((0..<12).flatMap { littleEndian(Float($0).bitPattern) })

/// The members of a torch archive of one pickle and one storage of twelve floats 0...11.
package func torchMembers(_ pickle: Data, folder: String = "model/") -> [ZipBuilder.Member] {
    [
        ZipBuilder.Member("\(folder)data.pkl", pickle),
        ZipBuilder.Member("\(folder)byteorder", Data("little".utf8)),
        ZipBuilder.Member("\(folder)data/0", twelveFloats),
        ZipBuilder.Member("\(folder)version", Data("3\n".utf8)),
    ]
}

/// A torch archive of one pickle and one storage of twelve floats 0...11.
package func torchFile(
    _ pickle: Data,
    folder: String = "model/",
    zip: ZipBuilder = ZipBuilder()
) -> Data {
    zip.archive(torchMembers(pickle, folder: folder))
}

/// Writes the stacked pickles of `torch.save` before version 1.6, sound ones and others.
package struct LegacyTorchBuilder: Sendable {
    /// The protocol of all pickles but the value.
    package var version: UInt8 = 2
    package var torchVersion = 1001
    /// The names of the storages with the number of elements and the bytes that follow.
    package var storages: [(name: String, count: Int, bytes: Data)] = [("0", 12, twelveFloats)]

    package init() {}

    /// A file of a value that refers to the storages.
    package func file(_ value: Data) -> Data {
        var magic = PickleBuilder(protocol: version)
        if version >= 4 { magic.raw([0x95] + littleEndian(UInt64(13))) }
        magic.raw([0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])
        var number = PickleBuilder(protocol: version)
        number.integer(torchVersion)
        var system = PickleBuilder(protocol: version)
        system.code("}")
        system.string("little_endian")
        system.raw([0x88])
        system.code("s")
        var names = PickleBuilder(protocol: version)
        names.code("]")
        names.code("(")
        for storage in storages { names.string(storage.name) }
        names.code("e")
        var file = magic.ended + number.ended + system.ended + value + names.ended
        for storage in storages {
            file += littleEndian(UInt64(bitPattern: Int64(storage.count))) + storage.bytes
        }
        return file
    }

    /// A file of nothing but the storage of twelve floats, as it lies in the pickles of NVIDIA.
    package static var storage: Data {
        var value = PickleBuilder()
        value.storage(count: 12, isLegacy: true)
        return LegacyTorchBuilder().file(value.ended)
    }
}

extension PickleBuilder {
    /// A tensor over a complete legacy file that is a value of the pickle.
    package mutating func nestedTensor(_ file: Data, sizes: [Int], strides: [Int]) {
        tensor(sizes: sizes, strides: strides) { $0.loadFromBytes(file) }
    }

    /// A call of `torch.storage._load_from_bytes`.
    package mutating func loadFromBytes(_ file: Data) {
        global("torch.storage", "_load_from_bytes")
        bytes(file)
        raw([0x85])
        code("R")
    }

    /// An object of NVIDIA's persistence; `state` writes its attributes as a dictionary.
    package mutating func persistent(_ name: String, _ state: (inout PickleBuilder) -> Void) {
        global("torch_utils.persistence", "_reconstruct_persistent_obj")
        code("}")
        code("(")
        string("type")
        string("class")
        string("module_src")
        string("raise SystemExit('the source of a module was run')")
        string("class_name")
        string(name)
        string("state")
        state(&self)
        code("u")
        raw([0x85])
        code("R")
    }
}

/// The bytes of a number, least significant first.
package func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
