create function logic.digest(plain text) returns text
language sql immutable
return encode(sha256(convert_to(plain, 'UTF8')), 'hex');
comment on function logic.digest is 'SHA-256 of a text, in hexadecimal.';
