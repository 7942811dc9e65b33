/// Finds the tensors in the value of a checkpoint and names them by their path.
struct TensorCollector {
    private(set) var tensors: [String: StridedTensor] = [:]
    /// Tensors whose numbers are of a type that is not read, with the type.
    private(set) var unread: [String: String] = [:]

    private let path: String
    private var visitCount = 0
    private var lookCount = 0

    /// Far more tensors and containers than a checkpoint has; shared parts could multiply beyond
    /// it.
    private static let visitLimit = 1 << 20
    /// A long list of numbers may be part of many others, and is looked through in each.
    private static let lookLimit = 1 << 24
    private static let nameLimit = 1024

    /// The attributes of a module that are no part of its parameters' names; its state dictionary
    /// has no others.
    private static let moduleParts: Set = ["_parameters", "_buffers", "_modules"]

    init(path: String) { self.path = path }

    /// Collects all tensors below a value.
    mutating func collect(_ value: PickleValue, name: String) throws {
        visitCount += 1
        guard visitCount <= Self.visitLimit else {
            throw CheckpointError(
                path,
                "holds more than \(Self.visitLimit) tensors and containers, counted up to the value "
                    + "at \"\(name)\"; no network has so many"
            )
        }
        switch value {
        case .tensor(let tensor):
            guard name.utf8.count <= Self.nameLimit else {
                throw CheckpointError(
                    path,
                    "a tensor's name is longer than \(Self.nameLimit) bytes"
                )
            }
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw CheckpointError(path, "two tensors are named \(name)")
            }
        case .list(let elements): try collect(elements, name)
        case .dictionary(let entries): try collect(entries, name)
        case .object(let object): try collect(object, name)
        case .none, .bool, .integer, .float, .string, .bytes, .global: break
        }
    }

    private mutating func collect(_ object: PickleObject, _ name: String) throws {
        if let type = Self.unreadType(object) { unread[name] = type }
        try collect(object.entries, name)
        try collect(object.elements, name)
        guard case .dictionary(let attributes)? = object.state else { return }
        try look(through: 3 * attributes.count, at: name)
        let isModule = object.state?["_modules"] != nil && object.state?["_parameters"] != nil
        for (key, value) in attributes where Self.mayHoldTensors(value) {
            if key.string.map(Self.moduleParts.contains) ?? false {
                let part = key.string == "_buffers" ? try kept(value, attributes, name) : value
                try collect(part, name: name)
            } else if !isModule {
                try collect(value, name: joined(name, key))
            }
        }
    }

    /// The type of the numbers of a tensor that was left an object: quantised, complex and the like.
    private static func unreadType(_ object: PickleObject) -> String? {
        guard object.type.hasPrefix("torch._utils._rebuild_"), object.type.contains("tensor") else {
            return nil
        }
        // _rebuild_tensor_v3 names the type itself, the others by the class of the storage.
        let named = object.arguments.dropFirst(6).first
        switch (named, object.arguments.first) {
        case (.global(let type)?, _) where object.type.hasSuffix("_v3"): return lastPart(type)
        case (_, .object(let storage)?): return lastPart(storage.type)
        case (_, .global(let layout)?): return lastPart(layout)
        default: return lastPart(object.type)
        }
    }

    private static func lastPart(_ name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }

    /// The buffers of a module that its state dictionary has: not those that it makes anew.
    private mutating func kept(
        _ buffers: PickleValue,
        _ attributes: [(key: PickleValue, value: PickleValue)],
        _ name: String
    ) throws -> PickleValue {
        guard case .dictionary(let entries) = buffers else { return buffers }
        let passing = attributes.first { $0.key.string == "_non_persistent_buffers_set" }
        let names = passing?.value.list ?? []
        try look(through: attributes.count + names.count + entries.count, at: name)
        let left = Set(names.compactMap(\.string))
        return left.isEmpty
            ? buffers : .dictionary(entries.filter { !left.contains($0.key.string ?? "") })
    }

    private mutating func look(through count: Int, at name: String) throws {
        lookCount += count
        guard lookCount <= Self.lookLimit else {
            throw CheckpointError(
                path,
                "shares values so that it holds more than any network, counted up to the value at "
                    + "\"\(name)\""
            )
        }
    }

    private mutating func collect(_ elements: [PickleValue], _ name: String) throws {
        try look(through: elements.count, at: name)
        for (index, element) in elements.enumerated() where Self.mayHoldTensors(element) {
            try collect(element, name: joined(name, .integer(index)))
        }
    }

    private mutating func collect(
        _ entries: [(key: PickleValue, value: PickleValue)],
        _ name: String
    ) throws {
        try look(through: entries.count, at: name)
        for (index, (key, value)) in entries.enumerated() where Self.mayHoldTensors(value) {
            try collect(value, name: joined(name, key, at: index))
        }
    }

    private static func mayHoldTensors(_ value: PickleValue) -> Bool {
        switch value {
        case .tensor, .list, .dictionary, .object: true
        case .none, .bool, .integer, .float, .string, .bytes, .global: false
        }
    }

    private func joined(_ name: String, _ key: PickleValue, at index: Int = 0) throws -> String {
        let last =
            switch key {
            case .string(let text): text
            case .integer(let number): String(number)
            default: "?\(index)"
            }
        guard name.utf8.count + last.utf8.count < Self.nameLimit else {
            throw CheckpointError(path, "a tensor's name is longer than \(Self.nameLimit) bytes")
        }
        return name.isEmpty ? last : "\(name).\(last)"
    }
}
