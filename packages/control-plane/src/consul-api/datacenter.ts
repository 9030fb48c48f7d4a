/** The name of this mesh as a datacentre of Consul's. */
export const DATACENTER = 'mesh';
