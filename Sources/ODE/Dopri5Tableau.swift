/// The coefficients of the Dormand-Prince 5(4) pair.
///
/// Source: Dormand and Prince 1980; error weights and mid-point weights as used by torchdiffeq, which takes
/// them from Shampine 1986.
package enum Dopri5Tableau {
    /// When each stage is evaluated, as a part of the step.
    package static let nodes: [Double] = [1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1]

    /// What each stage adds up, from the first slope on.
    package static let stages: [[Double]] = [
        [1.0 / 5],
        [3.0 / 40, 9.0 / 40],
        [44.0 / 45, -56.0 / 15, 32.0 / 9],
        [19_372.0 / 6561, -25_360.0 / 2187, 64_448.0 / 6561, -212.0 / 729],
        [9017.0 / 3168, -355.0 / 33, 46_732.0 / 5247, 49.0 / 176, -5103.0 / 18_656],
        [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
    ]

    /// Fifth-order weights minus embedded fourth-order ones, for the error estimate.
    package static let error: [Double] = [
        35.0 / 384 - 1951.0 / 21_600,
        0,
        500.0 / 1113 - 22_642.0 / 50_085,
        125.0 / 192 - 451.0 / 720,
        -2187.0 / 6784 - -12_231.0 / 42_400,
        11.0 / 84 - 649.0 / 6300,
        -1.0 / 60,
    ]

    /// Weights of the solution in the middle of a step.
    package static let middle: [Double] = [
        6_025_192_743.0 / 30_085_553_152 / 2,
        0,
        51_252_292_925.0 / 65_400_821_598 / 2,
        -2_691_868_925.0 / 45_128_329_728 / 2,
        187_940_372_067.0 / 1_594_534_317_056 / 2,
        -1_776_094_331.0 / 19_743_644_256 / 2,
        11_237_099.0 / 235_043_384 / 2,
    ]
}
