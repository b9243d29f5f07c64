create function logic.keyset_cursor(sort_key text, key text, id uuid) returns text
language sql immutable
return translate(
  encode(convert_to(json_build_array(left(md5(sort_key), 6), key, id)::text, 'UTF8'), 'base64'), E'+/=\n', '-_'
);
comment on function logic.keyset_cursor is 'The last row of a page, for `after`: by which order, its key in it, its id.';
