/** Version of the product; one for all packages. */
export const FOG_VERSION = '0.1.0';
