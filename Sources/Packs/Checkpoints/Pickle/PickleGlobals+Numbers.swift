import Foundation

/// Source: NumPy `numpy/_core/src/multiarray/descriptor.c` and `scalartypes.c.src`, their
/// `__reduce__`.
extension PickleGlobals {
    /// A scalar of NumPy as a plain number; its element type stays an object.
    func number(_ name: String, _ parts: [PickleReference], _ heap: PickleHeap) -> Outcome? {
        guard name != "numpy.dtype", parts.count == 2, let bytes = heap.bytes(parts[1]),
            let type = elementType(parts[0], heap)
        else { return nil }
        guard let width = Int(type.code.dropFirst()), bytes.count == width, width <= 8 else {
            return nil
        }
        var bits: UInt64 = 0
        for byte in type.isBigEndian ? Data(bytes) : Data(bytes.reversed()) {
            bits = bits << 8 | UInt64(byte)
        }
        return Self.value(bits, type.code).map { .node($0) }
    }

    /// Kind and width such as `f8`, and the byte order, of `numpy.dtype('f8', ...)` and its state
    /// `(3, '<', ...)`.
    private func elementType(
        _ reference: PickleReference,
        _ heap: PickleHeap
    ) -> (code: String, isBigEndian: Bool)? {
        guard case .object(let object) = heap[reference], object.type == "numpy.dtype",
            let argument = heap.parts(object.arguments)?.first,
            let text = heap.string(argument), text.utf8.count <= 3
        else { return nil }
        let code = text.drop { "<>|=".contains($0) }
        let state = heap.parts(object.state)
        let order = state.flatMap { $0.count > 1 ? heap.string($0[1]) : nil }
        return (String(code), order == ">" || text.hasPrefix(">"))
    }

    private static func value(_ bits: UInt64, _ code: String) -> PickleNode? {
        switch code {
        case "f8": .float(Double(bitPattern: bits))
        case "f4": .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case "f2": .float(Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits))))
        case "i8": .integer(Int(bitPattern: UInt(bits)))
        case "i4": .integer(Int(Int32(truncatingIfNeeded: bits)))
        case "i2": .integer(Int(Int16(truncatingIfNeeded: bits)))
        case "i1": .integer(Int(Int8(truncatingIfNeeded: bits)))
        case "u8": Int(exactly: bits).map { .integer($0) }
        case "u4", "u2", "u1": .integer(Int(bits))
        case "b1": .bool(bits != 0)
        default: nil
        }
    }
}
