internal import Kernels

/// How places push each other away, before it is divided by the sum of all q.
package struct Repulsion {
    /// The sum over other places of q squared times the difference.
    package var forces: [MapPoint]
    /// The sum of q = 1 / (1 + distance squared) over all pairs, both ways.
    package var sum: Double

    /// Takes what was summed up.
    package init(forces: [MapPoint], sum: Double) { (self.forces, self.sum) = (forces, sum) }

    /// The repulsion of all pairs.
    package init(ofAll points: [MapPoint]) {
        let sums = RepulsionKernel.forces(
            x: points.map { Float($0.x) },
            y: points.map { Float($0.y) }
        )
        forces = sums.map { MapPoint(x: Double($0.x), y: Double($0.y)) }
        sum = sums.reduce(0) { $0 + Double($1.near) }
    }
}
