package import Foundation

/// Writes the pickles of `torch.save`, sound ones and others, instruction by instruction.
package struct PickleBuilder {
    package private(set) var bytes: [UInt8]

    package init(protocol version: UInt8 = 2) { bytes = [0x80, version] }

    /// The pickle with its end.
    package var ended: Data { Data(bytes + [UInt8(ascii: ".")]) }

    package mutating func code(_ character: Character) { bytes += Array(String(character).utf8) }
    package mutating func raw(_ more: [UInt8]) { bytes += more }

    package mutating func string(_ text: String) {
        code("X")
        bytes += littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    package mutating func integer(_ value: Int) {
        bytes += [0x8A, 8] + littleEndian(UInt64(bitPattern: Int64(value)))
    }

    package mutating func global(_ module: String, _ name: String) {
        code("c")
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    package mutating func tuple(_ values: [Int]) {
        code("(")
        for value in values { integer(value) }
        code("t")
    }

    /// A persistent reference to a storage; `view` is what files before version 0.4 say of a part.
    package mutating func storage(
        _ name: String = "0",
        type: String = "FloatStorage",
        count: Int,
        view: (name: String, offset: Int, count: Int)? = nil,
        isLegacy: Bool = false
    ) {
        code("(")
        string("storage")
        global(type == "UntypedStorage" ? "torch.storage" : "torch", type)
        string(name)
        string("cpu")
        integer(count)
        if let view {
            string(view.name)
            integer(view.offset)
            integer(view.count)
            raw([0x87])
        } else if isLegacy {
            code("N")
        }
        code("t")
        code("Q")
    }

    /// A call of `torch._utils._rebuild_tensor_v2` on what `storage` writes.
    package mutating func tensor(
        offset: Int = 0,
        sizes: [Int],
        strides: [Int],
        storage: (inout PickleBuilder) -> Void
    ) {
        global("torch._utils", "_rebuild_tensor_v2")
        code("(")
        storage(&self)
        integer(offset)
        tuple(sizes)
        tuple(strides)
        raw([0x89])
        global("collections", "OrderedDict")
        code(")")
        code("R")
        code("t")
        code("R")
    }

    /// A call of `torch._utils._rebuild_tensor_v2` on a storage of the archive.
    package mutating func tensor(
        storage: String = "0",
        type: String = "FloatStorage",
        count: Int,
        offset: Int = 0,
        sizes: [Int],
        strides: [Int]
    ) {
        tensor(offset: offset, sizes: sizes, strides: strides) {
            $0.storage(storage, type: type, count: count)
        }
    }

    /// Bytes as protocol 3 and later store them.
    package mutating func bytes(_ data: Data) {
        code("B")
        raw(littleEndian(UInt32(data.count)) + data)
    }

    /// A dictionary with one entry whose value `body` writes.
    package static func dictionary(
        _ key: String,
        protocol version: UInt8 = 2,
        _ body: (inout PickleBuilder) -> Void
    ) -> Data {
        var builder = PickleBuilder(protocol: version)
        builder.code("}")
        builder.string(key)
        body(&builder)
        builder.code("s")
        return builder.ended
    }
}
