import Foundation

/// The place of a value among all that a pickle has made.
typealias PickleReference = Int

/// A value under construction; parts are references, so that sharing and cycles need no recursion.
enum PickleNode {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
    /// Bytes of the file, with the indices that they have in it.
    case bytes(Data)
    /// Bytes that were made from a text.
    case converted(Data)
    case list([PickleReference])
    case tuple([PickleReference])
    case dictionary([(key: PickleReference, value: PickleReference)])
    case global(String)
    case storage(TensorStorage)
    case tensor(StridedTensor)
    case object(Instance)

    /// The parts of an object whose class is only a name.
    struct Instance {
        let type: String
        let arguments: PickleReference?
        var state: PickleReference?
        var entries: [(key: PickleReference, value: PickleReference)] = []
        var elements: [PickleReference] = []
    }
}

/// All values that a pickle has made.
struct PickleHeap {
    private(set) var nodes: [PickleNode] = []

    subscript(reference: PickleReference) -> PickleNode { nodes[reference] }

    mutating func make(_ node: PickleNode) -> PickleReference {
        nodes.append(node)
        return nodes.count - 1
    }

    /// Adds elements to a list, a set or an object; returns false for anything else.
    mutating func append(_ elements: some Sequence<PickleReference>, to target: PickleReference)
        -> Bool
    {
        // The node is taken out first, so that the array grows in place.
        let node = nodes[target]
        nodes[target] = .none
        switch consume node {
        case .list(var list):
            list += elements
            nodes[target] = .list(list)
        case .object(var object):
            object.elements += elements
            nodes[target] = .object(object)
        case let other:
            nodes[target] = other
            return false
        }
        return true
    }

    /// Adds keys and values, alternating, to a dictionary or an object; returns false for anything
    /// else.
    mutating func insert(_ pairs: some Collection<PickleReference>, into target: PickleReference)
        -> Bool
    {
        let flat = Array(pairs)
        guard flat.count.isMultiple(of: 2) else { return false }
        let entries = stride(from: 0, to: flat.count, by: 2).map {
            (key: flat[$0], value: flat[$0 + 1])
        }
        let node = nodes[target]
        nodes[target] = .none
        switch consume node {
        case .dictionary(var dictionary):
            dictionary += entries
            nodes[target] = .dictionary(dictionary)
        case .object(var object):
            object.entries += entries
            nodes[target] = .object(object)
        case let other:
            nodes[target] = other
            return false
        }
        return true
    }

    /// Gives an object its attributes; other values have none that matter.
    mutating func build(_ target: PickleReference, state: PickleReference) {
        guard case .object(var object) = nodes[target] else { return }
        object.state = state
        nodes[target] = .object(object)
    }

    /// The parts of a tuple or list.
    func parts(_ reference: PickleReference?) -> [PickleReference]? {
        guard let reference else { return nil }
        switch nodes[reference] {
        case .tuple(let parts), .list(let parts): return parts
        default: return nil
        }
    }

    /// The whole number at a reference.
    func integer(_ reference: PickleReference) -> Int? {
        if case .integer(let value) = nodes[reference] { value } else { nil }
    }

    /// The text at a reference.
    func string(_ reference: PickleReference) -> String? {
        if case .string(let value) = nodes[reference] { value } else { nil }
    }

    /// The name of the class or function at a reference.
    func global(_ reference: PickleReference) -> String? {
        if case .global(let value) = nodes[reference] { value } else { nil }
    }

    /// The bytes at a reference, of the file or made from a text.
    func bytes(_ reference: PickleReference) -> Data? {
        switch nodes[reference] {
        case .bytes(let bytes), .converted(let bytes): bytes
        default: nil
        }
    }

    /// The texts of a tuple or list, nil if a part is none.
    func strings(_ reference: PickleReference) -> [String]? {
        guard let parts = parts(reference) else { return nil }
        let texts = parts.compactMap(string)
        return texts.count == parts.count ? texts : nil
    }

    /// The whole numbers of a tuple or list, nil if there are more than the axes of a tensor.
    func integers(_ reference: PickleReference) -> [Int]? {
        guard let parts = parts(reference), parts.count <= StridedTensor.rankLimit else {
            return nil
        }
        let values = parts.compactMap(integer)
        return values.count == parts.count ? values : nil
    }
}
