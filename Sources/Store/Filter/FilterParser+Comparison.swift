extension FilterParser {
    /// The comparison whose field was read.
    mutating func test(of field: FilterField) throws(StoreError) -> FilterNode {
        let first = current
        lastField = field
        testCount += 1
        guard testCount <= FilterExpression.testLimit else {
            throw source.fault(
                "more than \(FilterExpression.testLimit) comparisons; use in (a, b), or tag the clips",
                at: first.start
            )
        }
        let isNegated = take("not")
        let relation = try relation(of: field, isNegated: isNegated)
        let values = relation == .among ? try list(of: field) : [try countedValue(of: field)]
        let isEqual = relation == .unequal || relation == .among
        let test = FilterNode.test(
            FilterTest(field: field, relation: isEqual ? .equal : relation, values: values)
        )
        return isNegated || relation == .unequal ? .not(test) : test
    }

    private mutating func relation(
        of field: FilterField,
        isNegated: Bool
    ) throws(StoreError) -> FilterRelation {
        let token = current
        let type = field.valueType
        let allowed = type.relations.filter { !isNegated || $0.rawValue.first?.isLetter == true }
        let names = allowed.map(\.rawValue).listedWithOr
        let written: String
        switch token.kind {
        case .word(let word): written = word.lowercased()
        case .sign(let sign): written = sign
        default:
            throw source.fault("expected behind \(field.rawValue): \(names)", at: token.start)
        }
        guard let relation = FilterRelation(rawValue: written) else {
            let meant = FilterRelation.foreign[written].map { "; write \($0) for \(written)" } ?? ""
            throw source.fault(
                "\(token.shown) is no comparison\(meant); expected: \(names)",
                at: token.start
            )
        }
        guard allowed.contains(relation) else {
            throw source.fault(
                type.relations.contains(relation)
                    ? "expected behind not: \(names); or write not \(field.rawValue) \(written) ..."
                    : "\(field.rawValue) is \(type.noun), which knows no \(written); expected: \(names)",
                at: token.start
            )
        }
        advance()
        return relation
    }

    private mutating func list(of field: FilterField) throws(StoreError) -> [FilterValue] {
        guard current.kind == .open else {
            throw source.fault(
                "expected behind in: (, as in tag in (walk, run)",
                at: current.start
            )
        }
        advance()
        var values = [try countedValue(of: field)]
        while current.kind == .comma {
            advance()
            values.append(try countedValue(of: field))
        }
        guard current.kind == .close else {
            throw source.fault("expected here: , or ), not \(current.shown)", at: current.start)
        }
        advance()
        return values
    }

    private mutating func countedValue(of field: FilterField) throws(StoreError) -> FilterValue {
        valueCount += 1
        guard valueCount <= FilterExpression.valueLimit else {
            throw source.fault(
                "more than \(FilterExpression.valueLimit) values; put the clips into a collection",
                at: current.start
            )
        }
        if let keyword {
            throw source.fault(
                "\(keyword) is a word of the language; as a value, put it in quotes",
                at: current.start
            )
        }
        return try value(of: field)
    }
}

extension [String] {
    /// `a, b or c`.
    fileprivate var listedWithOr: String {
        guard count > 1, let last else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}
