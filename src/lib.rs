#![doc = "Curbside."]
