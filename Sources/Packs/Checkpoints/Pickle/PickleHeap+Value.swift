import Foundation

extension PickleHeap {
    /// How deep values may be nested.
    static let depthLimit = 200

    /// A value that refers to itself or is nested too deeply.
    struct NestingError: Error {
        let problem: String
    }

    /// Turns a finished value into a tree; shared parts are made once and stay shared.
    func value(of root: PickleReference) throws(NestingError) -> PickleValue {
        var finished: [PickleReference: PickleValue] = [:]
        var open: Set<PickleReference> = []
        return try value(of: root, depth: 0, &finished, &open)
    }

    private func value(
        of reference: PickleReference,
        depth: Int,
        _ finished: inout [PickleReference: PickleValue],
        _ open: inout Set<PickleReference>
    ) throws(NestingError) -> PickleValue {
        if let leaf = leaf(reference) { return leaf }
        if let known = finished[reference] { return known }
        guard depth < Self.depthLimit else {
            throw NestingError(problem: "values are nested more than \(Self.depthLimit) deep")
        }
        guard open.insert(reference).inserted else {
            throw NestingError(problem: "a value contains itself")
        }
        defer { open.remove(reference) }
        let made: PickleValue
        switch self[reference] {
        case .list(let parts), .tuple(let parts):
            made = .list(try values(of: parts, depth, &finished, &open))
        case .dictionary(let entries):
            made = .dictionary(try pairs(of: entries, depth, &finished, &open))
        case .object(let object):
            let arguments = parts(object.arguments) ?? []
            made = .object(
                PickleObject(
                    type: object.type,
                    arguments: try values(of: arguments, depth, &finished, &open),
                    state: try values(of: object.state.map { [$0] } ?? [], depth, &finished, &open)
                        .first,
                    entries: try pairs(of: object.entries, depth, &finished, &open),
                    elements: try values(of: object.elements, depth, &finished, &open)
                )
            )
        default: made = .none
        }
        finished[reference] = made
        return made
    }

    private func values(
        of references: [PickleReference],
        _ depth: Int,
        _ finished: inout [PickleReference: PickleValue],
        _ open: inout Set<PickleReference>
    ) throws(NestingError) -> [PickleValue] {
        var values: [PickleValue] = []
        values.reserveCapacity(references.count)
        for reference in references {
            values.append(try value(of: reference, depth: depth + 1, &finished, &open))
        }
        return values
    }

    private func pairs(
        of entries: [(key: PickleReference, value: PickleReference)],
        _ depth: Int,
        _ finished: inout [PickleReference: PickleValue],
        _ open: inout Set<PickleReference>
    ) throws(NestingError) -> [(key: PickleValue, value: PickleValue)] {
        let keys = try values(of: entries.map(\.key), depth, &finished, &open)
        let values = try values(of: entries.map(\.value), depth, &finished, &open)
        return zip(keys, values).map { (key: $0, value: $1) }
    }

    private func leaf(_ reference: PickleReference) -> PickleValue? {
        switch self[reference] {
        case .none: .some(.none)
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .float(let value): .float(value)
        case .string(let value): .string(value)
        case .bytes(let value), .converted(let value): .bytes(value)
        case .global(let name): .global(name)
        case .tensor(let tensor): .tensor(tensor)
        case .storage:
            .object(
                PickleObject(
                    type: "torch.storage",
                    arguments: [],
                    state: nil,
                    entries: [],
                    elements: []
                )
            )
        case .list, .tuple, .dictionary, .object: nil
        }
    }
}
