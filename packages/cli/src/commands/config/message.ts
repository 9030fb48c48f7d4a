/** Why, for those who come after, as the API takes it: nothing but spaces is nothing. */
export function said(message: string | undefined): { readonly message?: string } {
  return message?.trim() ? { message } : {};
}
