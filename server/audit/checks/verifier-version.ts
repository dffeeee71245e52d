/** Which rules judged; it goes with every result. */
export const verifierVersion = "audit-chain@3";
