import Foundation

/// Writes the pickles of `torch.save`, sound ones and others, instruction by instruction.
struct PickleBuilder {
    private(set) var bytes: [UInt8] = [0x80, 2]

    mutating func code(_ character: Character) { bytes += Array(String(character).utf8) }
    mutating func raw(_ more: [UInt8]) { bytes += more }

    mutating func string(_ text: String) {
        code("X")
        bytes += littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    mutating func integer(_ value: Int) {
        bytes += [0x8A, 8] + littleEndian(UInt64(bitPattern: Int64(value)))
    }

    mutating func global(_ module: String, _ name: String) {
        code("c")
        bytes += Array("\(module)\n\(name)\n".utf8)
    }

    mutating func tuple(_ values: [Int]) {
        code("(")
        for value in values { integer(value) }
        code("t")
    }

    /// A call of `torch._utils._rebuild_tensor_v2` on a storage of the archive.
    mutating func tensor(
        storage: String = "0",
        type: String = "FloatStorage",
        count: Int,
        offset: Int = 0,
        sizes: [Int],
        strides: [Int]
    ) {
        global("torch._utils", "_rebuild_tensor_v2")
        code("(")
        code("(")
        string("storage")
        global("torch", type)
        string(storage)
        string("cpu")
        integer(count)
        code("t")
        code("Q")
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

    /// A dictionary with one entry whose value `body` writes.
    static func dictionary(_ key: String, _ body: (inout PickleBuilder) -> Void) -> Data {
        var builder = PickleBuilder()
        builder.code("}")
        builder.string(key)
        body(&builder)
        builder.code("s")
        builder.code(".")
        return Data(builder.bytes)
    }
}

/// Writes zip archives as `torch.save` does, sound ones and others.
struct ZipBuilder {
    var method: UInt16 = 0
    var flags: UInt16 = 0
    /// Whether offsets, sizes and counts stand in zip64 records.
    var isZip64 = false
    /// The offset of the central directory, if not the true one.
    var directoryOffset: UInt64?
    /// What is added to the size that the directory states for every member.
    var excessSize: UInt64 = 0

    func archive(_ members: [(name: String, content: Data)]) -> Data {
        var file = Data()
        var directory = Data()
        for (name, content) in members {
            let offset = UInt64(file.count)
            let size = UInt64(content.count) &+ excessSize
            file += littleEndian(UInt32(0x0403_4B50)) + [0, 0] + littleEndian(flags)
            file += littleEndian(method) + [UInt8](repeating: 0, count: 16)
            file +=
                littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(3)) + Array(name.utf8)
            file += [0, 0, 0]
            file += content
            directory += entry(name, size: size, offset: offset)
        }
        let offset = directoryOffset ?? UInt64(file.count)
        let count = UInt64(members.count)
        let directorySize = UInt64(directory.count)
        file += directory
        if isZip64 {
            let end64 = UInt64(file.count)
            file += littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44))
            file += [UInt8](repeating: 0, count: 12) + littleEndian(count) + littleEndian(count)
            file += littleEndian(directorySize) + littleEndian(offset)
            file +=
                littleEndian(UInt32(0x0706_4B50)) + [0, 0, 0, 0] + littleEndian(end64) + [
                    1, 0, 0, 0,
                ]
        }
        let shortCount: UInt16 = isZip64 ? 0xFFFF : UInt16(count)
        file += littleEndian(UInt32(0x0605_4B50)) + [0, 0, 0, 0]
        file += littleEndian(shortCount) + littleEndian(shortCount)
        file += littleEndian(UInt32(directorySize))
        file += littleEndian(isZip64 ? 0xFFFF_FFFF : UInt32(truncatingIfNeeded: offset)) + [0, 0]
        return file
    }

    private func entry(_ name: String, size: UInt64, offset: UInt64) -> Data {
        let wide = isZip64 ? littleEndian(size) + littleEndian(size) + littleEndian(offset) : []
        let extra = isZip64 ? littleEndian(UInt16(1)) + littleEndian(UInt16(24)) + wide : []
        let short = isZip64 ? UInt32.max : UInt32(truncatingIfNeeded: size)
        var entry = Data(littleEndian(UInt32(0x0201_4B50)))
        entry += [0, 0, 0, 0] + littleEndian(flags) + littleEndian(method)
        entry += [UInt8](repeating: 0, count: 8) + littleEndian(short) + littleEndian(short)
        entry += littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(extra.count))
        entry += [UInt8](repeating: 0, count: 10)
        entry += littleEndian(isZip64 ? UInt32.max : UInt32(truncatingIfNeeded: offset))
        return entry + Array(name.utf8) + extra
    }
}

/// A torch archive of one pickle and one storage of twelve floats 0...11.
func torchFile(_ pickle: Data, folder: String = "model/", zip: ZipBuilder = ZipBuilder()) -> Data {
    let storage = (0..<12).flatMap { littleEndian(Float($0).bitPattern) }
    return zip.archive([
        ("\(folder)data.pkl", pickle), ("\(folder)byteorder", Data("little".utf8)),
        ("\(folder)data/0", Data(storage)), ("\(folder)version", Data("3\n".utf8)),
    ])
}

/// The bytes of a number, least significant first.
private func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
