/**
How deep a chain of images may be.
*/

/** Beyond this, opening and reading take noticeably longer, and one broken image costs more states. */
export const advisedDepth = 30;
