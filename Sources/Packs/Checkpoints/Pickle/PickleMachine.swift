import Foundation

/// Runs the stack language of pickles without the power to call anything.
///
/// Names of classes and functions stay names; those of `ForbiddenNames` are refused. Calls of the
/// few functions that rebuild tensors and containers are carried out by `PickleGlobals`; every
/// other call makes an inert object.
/// Source: Python `Lib/pickletools.py`, protocols 2 to 5.
struct PickleMachine {
    /// The values made so far.
    private(set) var heap = PickleHeap()
    /// How many bytes have been run.
    var position: Int { cursor.position }

    private var cursor: ByteCursor
    private var stack: [PickleReference] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleReference] = [:]
    private let globals: PickleGlobals
    /// Where the instruction starts that is carried out.
    private var instructionStart = 0

    /// Prepares to run a pickle; what follows its end is left alone.
    ///
    /// - Parameters:
    ///   - data: The pickle.
    ///   - part: The part of the file, for messages.
    ///   - globals: The functions that are carried out.
    init(_ data: Data, part: String, globals: PickleGlobals) {
        cursor = ByteCursor(data, path: globals.path, part: part)
        self.globals = globals
    }

    /// Runs to the end.
    ///
    /// - Returns: Where on the heap the value is that the pickle leaves.
    /// - Throws: `CheckpointError` at the first instruction that cannot be followed.
    mutating func run() throws -> PickleReference {
        do {
            while true {
                try globals.session.step()
                instructionStart = cursor.position
                let code = try cursor.number(UInt8.self)
                if code == UInt8(ascii: ".") { return try pop() }
                try step(code)
            }
        } catch let fault as PickleFault {
            throw cursor.failure(fault.problem)
        }
    }

    /// A value that the pickle made, as a tree.
    ///
    /// - Throws: `CheckpointError` if it contains itself or is nested too deeply.
    func value(of root: PickleReference) throws -> PickleValue {
        do {
            return try heap.value(of: root)
        } catch {
            throw cursor.failure(error.problem)
        }
    }

    private mutating func step(_ code: UInt8) throws {
        switch code {
        case 0x80:
            let version = try cursor.number(UInt8.self)
            guard (2...5).contains(version) else {
                throw cursor.failure(
                    "the pickle has protocol \(version); protocols 2 to 5 are read",
                    at: instructionStart
                )
            }
        case 0x95: _ = try cursor.bytes(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "c"):
            let module = try cursor.line()
            try pushGlobal(module, try cursor.line())
        case 0x93: try stackGlobal()
        case UInt8(ascii: "R"), 0x81: try reduce()
        case 0x92: try reduceWithKeywords()
        case UInt8(ascii: "b"):
            let state = try pop()
            heap.build(try top(), state: state)
        case UInt8(ascii: "Q"): try loadPersistent()
        default:
            if try memory(code) || scalar(code) || text(code) || container(code) { return }
            throw cursor.failure("the instruction \(code) is none of protocols 2 to 5")
        }
    }

    // MARK: Memo

    private mutating func memory(_ code: UInt8) throws -> Bool {
        switch code {
        case UInt8(ascii: "q"): memo[Int(try cursor.number(UInt8.self))] = try top()
        case UInt8(ascii: "r"): memo[Int(try cursor.number(UInt32.self))] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): try recall(Int(try cursor.number(UInt8.self)))
        case UInt8(ascii: "j"): try recall(Int(try cursor.number(UInt32.self)))
        default: return false
        }
        return true
    }

    private mutating func recall(_ key: Int) throws {
        guard let value = memo[key] else { throw cursor.failure("memo \(key) was never set") }
        stack.append(value)
    }

    // MARK: Scalars

    private mutating func scalar(_ code: UInt8) throws -> Bool {
        switch code {
        case UInt8(ascii: "N"): push(.none)
        case 0x88: push(.bool(true))
        case 0x89: push(.bool(false))
        case UInt8(ascii: "J"): push(.integer(Int(try cursor.number(Int32.self))))
        case UInt8(ascii: "K"): push(.integer(Int(try cursor.number(UInt8.self))))
        case UInt8(ascii: "M"): push(.integer(Int(try cursor.number(UInt16.self))))
        case 0x8A: pushLong(try cursor.bytes(Int(try cursor.number(UInt8.self))))
        case 0x8B: pushLong(try cursor.bytes(Int(try cursor.number(Int32.self))))
        case UInt8(ascii: "G"):
            push(.float(Double(bitPattern: try cursor.number(UInt64.self).byteSwapped)))
        default: return false
        }
        return true
    }

    /// A little-endian two's complement number; one that no weight file needs stays an object.
    private mutating func pushLong(_ bytes: Data) {
        guard bytes.count <= 8 else {
            push(.object(.init(type: "builtins.int", arguments: nil)))
            return
        }
        var value = (bytes.last ?? 0) >= 0x80 ? -1 : 0
        for byte in bytes.reversed() { value = value << 8 | Int(byte) }
        push(.integer(value))
    }

    // MARK: Text and bytes

    private mutating func text(_ code: UInt8) throws -> Bool {
        switch code {
        case UInt8(ascii: "X"), UInt8(ascii: "T"):
            push(try string(try cursor.bytes(Int(try cursor.number(UInt32.self)))))
        case 0x8C, UInt8(ascii: "U"):
            push(try string(try cursor.bytes(Int(try cursor.number(UInt8.self)))))
        case 0x8D: push(try string(try cursor.bytes(try cursor.count64())))
        case UInt8(ascii: "B"): push(.bytes(try cursor.bytes(Int(try cursor.number(UInt32.self)))))
        case UInt8(ascii: "C"): push(.bytes(try cursor.bytes(Int(try cursor.number(UInt8.self)))))
        case 0x8E, 0x96: push(.bytes(try cursor.bytes(try cursor.count64())))
        default: return false
        }
        return true
    }

    private func string(_ bytes: Data) throws -> PickleNode {
        try globals.session.charge(text: bytes.count)
        return .string(String(decoding: bytes, as: UTF8.self))
    }

    // MARK: Containers

    private mutating func container(_ code: UInt8) throws -> Bool {
        switch code {
        case UInt8(ascii: "]"), 0x8F: push(.list([]))
        case UInt8(ascii: ")"): push(.tuple([]))
        case UInt8(ascii: "}"): push(.dictionary([]))
        case UInt8(ascii: "l"), 0x91: push(.list(Array(try popToMark())))
        case UInt8(ascii: "t"): push(.tuple(Array(try popToMark())))
        case 0x85...0x87:
            let count = Int(code) - 0x84
            guard stack.count - (marks.last ?? 0) >= count else {
                throw cursor.failure("empty stack")
            }
            let parts = Array(stack.suffix(count))
            stack.removeLast(count)
            push(.tuple(parts))
        case UInt8(ascii: "d"):
            let pairs = try popToMark()
            push(.dictionary([]))
            try insert(pairs)
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try popToMark())
        case UInt8(ascii: "s"):
            let value = try pop()
            try insert([try pop(), value])
        case UInt8(ascii: "u"): try insert(try popToMark())
        default: return false
        }
        return true
    }

    private mutating func append(_ elements: [PickleReference]) throws {
        guard heap.append(elements, to: try top()) else {
            throw cursor.failure("elements for something that is no list")
        }
    }

    private mutating func insert(_ pairs: [PickleReference]) throws {
        guard heap.insert(pairs, into: try top()) else {
            throw cursor.failure("entries for something that is no dictionary")
        }
    }

    // MARK: Names and calls

    private mutating func stackGlobal() throws {
        let name = try pop()
        let module = try pop()
        guard let name = heap.string(name), let module = heap.string(module) else {
            throw cursor.failure("the name of a class is no text")
        }
        try pushGlobal(module, name)
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws {
        guard module.utf8.count + name.utf8.count < PickleSession.nameLimit else {
            throw PickleFault("the name of a class is longer than \(PickleSession.nameLimit) bytes")
        }
        let full = "\(module).\(name)"
        if let deed = ForbiddenNames.deed(of: module, name) {
            throw cursor.failure(
                "names \(full), which \(deed); no weight file needs it, do not open the file "
                    + "elsewhere",
                at: instructionStart
            )
        }
        try globals.session.meet(full)
        push(.global(full))
    }

    private mutating func reduce() throws {
        let arguments = try pop()
        try call(try pop(), arguments)
    }

    private mutating func reduceWithKeywords() throws {
        _ = try pop()
        try reduce()
    }

    private mutating func call(_ callee: PickleReference, _ arguments: PickleReference) throws {
        switch heap[callee] {
        case .global(let name):
            let inert = PickleNode.object(.init(type: name, arguments: arguments))
            push(try globals.call(name, arguments, &heap) ?? .node(inert))
        case .object(let object):
            push(.object(.init(type: object.type, arguments: arguments)))
        default: throw cursor.failure("a call of something that is no name")
        }
    }

    private mutating func loadPersistent() throws {
        push(try globals.storage(try pop(), heap))
    }

    // MARK: Stack

    private mutating func push(_ node: PickleNode) { stack.append(heap.make(node)) }

    private mutating func push(_ outcome: PickleGlobals.Outcome) {
        switch outcome {
        case .node(let node): push(node)
        case .same(let reference): stack.append(reference)
        }
    }

    private func top() throws -> PickleReference {
        guard stack.count > (marks.last ?? 0), let top = stack.last else {
            throw cursor.failure("empty stack")
        }
        return top
    }

    private mutating func pop() throws -> PickleReference {
        let top = try top()
        stack.removeLast()
        return top
    }

    private mutating func popToMark() throws -> [PickleReference] {
        guard let mark = marks.popLast() else { throw cursor.failure("no mark on the stack") }
        let values = Array(stack[mark...])
        stack.removeLast(stack.count - mark)
        return values
    }
}
